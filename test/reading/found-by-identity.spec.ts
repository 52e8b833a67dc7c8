import pg from 'pg';
import { pino } from 'pino';
import type { IdentityKind, TenantId } from '#core';
import { fingerprintOf, FollowedKeyRings } from '#keys';
import { ConfigStore } from '#platform';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { aLead } from './a-lead-story.js';
import { type ReadingApp, startReadingApp } from './reading-app.js';

let database: TestDatabase;
let owner: pg.Client;
let reading: ReadingApp;
const log: string[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  owner = new pg.Client({ connectionString: database.ownerUrl });
  await owner.connect();
  reading = await startReadingApp(database.url, { logger: pino({ level: 'trace' }, { write: (line: string) => log.push(line) }) });
  await reading.app.get(ConfigStore, { strict: false }).start();
  await reading.app.get(FollowedKeyRings, { strict: false }).refresh();
});

afterAll(async () => {
  await reading.app.get(ConfigStore, { strict: false }).stop();
  await reading.app.get(FollowedKeyRings, { strict: false }).stop();
  await reading.close();
  await owner.end();
  await database.drop();
});

async function aPerson(
  tenant: string,
  source: string,
  values: Partial<Record<Exclude<IdentityKind, 'native_id'>, string>>,
): Promise<string> {
  const id = await aLead(owner, { tenant, source });
  const secret = reading.app.get(FollowedKeyRings, { strict: false }).ringOf(tenant as TenantId)?.current.secret;
  if (secret === undefined) throw new Error('the tenant has no key');
  for (const [kind, value] of Object.entries(values) as ['email' | 'phone', string][]) {
    const hash = fingerprintOf(secret, tenant as TenantId, { kind, value });
    await owner.query(`UPDATE leads SET ${kind}_fingerprint = $2 WHERE id = $1`, [id, hash]);
  }
  return id;
}

async function found(query: string): Promise<string[]> {
  const answer = await reading.get(`/v1/leads?${query}`);
  expect(answer.status).toBe(200);
  return ((await answer.json()) as { leads: { id: string }[] }).leads.map(({ id }) => id);
}

describe('GET /v1/leads by e-mail or phone', () => {
  it('finds the leads of a person, in any spelling, in every tenant the key may see', async () => {
    const german = await aPerson('demo', 'webhook', { email: 'john.doe@example.com', phone: '+491608912308' });
    const american = await aPerson('t1', 'ingest', { email: 'john.doe@example.com', phone: '+12025550143' });
    await aPerson('demo', 'webhook', { email: 'jane.doe@example.com' });
    expect(await found('email=John.Doe%40Example.COM')).toEqual([american, german]);
    expect(await found('email=john.doe@example.com&tenant=demo')).toEqual([german]);
    expect(await found('phone=0160%208912308')).toEqual([german]);
    expect(await found('phone=%2B491608912308&email=john.doe@example.com')).toEqual([german]);
    expect(await found('phone=(202)%20555-0143')).toEqual([american]);
    expect(await found('email=john.doe@example.com&status=DELIVERED')).toEqual([]);
    expect(await found('email=nobody@example.com')).toEqual([]);
  });

  it('leaves an audit event when an operator looks: by which field, never for whom', async () => {
    const searches = async () =>
      (
        await owner.query<{ actor: string; detail: object }>(
          `SELECT actor, detail FROM audit_events WHERE type = 'lead.searched' ORDER BY id`,
        )
      ).rows;
    const before = (await searches()).length;
    await found('email=searched@example.com');
    await found('status=DELIVERED');
    const events = (await searches()).slice(before);
    expect(events).toEqual([{ actor: 'operator', detail: expect.objectContaining({ fields: ['email'], key_id: 'admin' }) as object }]);
    expect(JSON.stringify(events)).not.toContain('searched@');
  });

  it('pages like every list', async () => {
    const ids = [];
    for (let n = 0; n < 3; n += 1) ids.unshift(await aPerson('demo', 'webhook', { email: 'paged@example.com' }));
    expect(await found('email=paged@example.com&limit=2')).toEqual(ids.slice(0, 2));
    expect(await found(`email=paged@example.com&cursor=${ids[1]}`)).toEqual(ids.slice(2));
  });

  it.each(['email=nonsense', 'phone=123', 'email=a@b.de&email=c@d.de', 'phone='])('refuses %s without repeating it', async (query) => {
    const answer = await reading.get(`/v1/leads?${query}`);
    expect(answer.status).toBe(400);
    expect(await answer.text()).not.toMatch(/nonsense|123\b|a@b/);
  });

  it('writes neither the values nor the query to the log or the metrics', async () => {
    await found('email=canary.person@example.com');
    await found('phone=0160%208999999');
    await reading.get('/v1/leads?email=canary-broken');
    const said = `${log.join('')}${await (await reading.get('/metrics', null)).text()}`;
    expect(said).toContain('/v1/leads');
    expect(said).not.toMatch(/canary|8999999|email=/);
  });
});
