import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { createApiKey, FollowedApiKeys } from '#access';
import type { TenantId } from '#core';
import { FeedbackModule } from '#feedback';
import { Pools } from '#platform';
import { aLead, aTenant } from '../reading/a-lead-story.js';
import { ADMIN_KEY, type ReadingApp, startReadingApp } from '../reading/reading-app.js';
import { patient } from '../support/gateway-process.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

let database: TestDatabase;
let owner: pg.Client;
/** Two processes' worth of routes on one database. */
let apps: ReadingApp[];
let keyOfAcme: string;

const keyOf = async (tenant: string): Promise<string> => {
  const pools = (apps[0] as ReadingApp).app.get(Pools);
  const holder = { scope: 'tenant', tenantId: tenant as TenantId } as const;
  const { key } = await createApiKey(pools.work, { holder, name: 'spec', actor: 'cli' });
  for (const { app } of apps) await app.get(FollowedApiKeys, { strict: false }).refresh();
  return key;
};

beforeAll(async () => {
  database = await createTestDatabase();
  owner = new pg.Client({ connectionString: database.ownerUrl });
  await owner.connect();
  for (const tenant of ['acme', 'other']) await aTenant(owner, tenant);
  apps = [
    await startReadingApp(database.url, { modules: [FeedbackModule] }),
    await startReadingApp(database.url, { modules: [FeedbackModule] }),
  ];
  keyOfAcme = await keyOf('acme');
});

afterAll(async () => {
  for (const app of apps) await app.close();
  await owner.end();
  await database.drop();
});

function send(body: unknown, { key = keyOfAcme, app = 0, type = 'application/json' } = {}): Promise<Response> {
  return patient('POST /v1/feedback', () =>
    fetch(`${(apps[app] as ReadingApp).url}/v1/feedback`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, ...(type === '' ? {} : { 'content-type': type }) },
      body: typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body),
    }),
  );
}

async function aClaimingLead(tenant = 'acme'): Promise<string> {
  const id = await aLead(owner, { tenant, status: 'DELIVERED' });
  for (const [kind, keyId] of [
    ['email', 'k1'],
    ['email', 'k2'],
    ['phone', 'k1'],
    ['phone', 'k2'],
  ]) {
    await owner.query(
      `INSERT INTO identity_claims (tenant_id, kind, fingerprint, key_id, lead_id, expires_at) VALUES ($1, $2, $3, $4, $5, clock_timestamp() + interval '1 day')`,
      [tenant, kind, randomBytes(32), keyId, id],
    );
  }
  return id;
}

const claimsOf = async (leadId: string): Promise<number> =>
  (await owner.query<{ n: number }>('SELECT count(*)::int AS n FROM identity_claims WHERE lead_id = $1', [leadId])).rows[0]?.n ?? -1;
const eventsOf = async (leadId: string): Promise<object[]> =>
  (await owner.query<object>('SELECT type, crm_record_id, released FROM feedback_events WHERE lead_id = $1 ORDER BY id', [leadId])).rows;
const codeOf = async (answer: Response): Promise<string> => ((await answer.json()) as { type: string }).type.split(':').at(-1) ?? '';

describe('POST /v1/feedback', () => {
  it.each(['lead_created', 'lead_merged', 'lead_duplicate'])('keeps %s and releases nothing', async (type) => {
    const id = await aClaimingLead();
    const answer = await send({ type, lead_id: id, crm_record_id: 'crm-7' });
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({ id: expect.stringMatching(/^[0-9a-f-]{36}$/) as string, released: 0 });
    expect(await eventsOf(id)).toEqual([{ type, crm_record_id: 'crm-7', released: 0 }]);
    expect(await claimsOf(id)).toBe(4);
  });

  it('lead_duplicate_corrected frees what the lead claimed, with its event and its audit line', async () => {
    const [id, bystander] = [await aClaimingLead(), await aClaimingLead()];
    const answer = (await (await send({ type: 'lead_duplicate_corrected', lead_id: id, crm_record_id: 4711 })).json()) as { id: string };
    expect(answer).toMatchObject({ released: 2 });
    expect([await claimsOf(id), await claimsOf(bystander)]).toEqual([0, 4]);
    expect(await eventsOf(id)).toEqual([{ type: 'lead_duplicate_corrected', crm_record_id: '4711', released: 2 }]);
    const { rows } = await owner.query(`SELECT type, actor, reason, detail FROM audit_events WHERE lead_id = $1`, [id]);
    expect(rows).toEqual([
      {
        type: 'lead.feedback',
        actor: `key:${keyOfAcme.split('_')[1]}`,
        reason: 'lead_duplicate_corrected',
        detail: { feedback_id: answer.id, type: 'lead_duplicate_corrected', released: 2 },
      },
    ]);
    expect(await (await send({ type: 'lead_duplicate_corrected', lead_id: id })).json()).toMatchObject({ released: 0 });
  });

  it('lead_duplicate_corrected gives the oldest lead it held back its chance, in the same moment', async () => {
    const [id, heir, next] = [
      await aClaimingLead(),
      await aLead(owner, { tenant: 'acme', status: 'HELD', holdReason: 'duplicate' }),
      await aLead(owner, { tenant: 'acme', status: 'HELD', holdReason: 'duplicate' }),
    ];
    await owner.query(
      `UPDATE leads SET hold_reason = 'duplicate', hold_until = NULL, duplicate_of = $1,
              email_fingerprint = (SELECT fingerprint FROM identity_claims WHERE lead_id = $1 AND kind = 'email' AND key_id = 'k1') WHERE id IN ($2, $3)`,
      [id, heir, next],
    );
    expect(await (await send({ type: 'lead_duplicate_corrected', lead_id: id })).json()).toMatchObject({ released: 2 });
    const { rows } = await owner.query('SELECT status, duplicate_of FROM leads WHERE id IN ($1, $2) ORDER BY id', [heir, next]);
    expect(rows).toEqual([
      { status: 'RECEIVED', duplicate_of: null },
      { status: 'HELD', duplicate_of: heir },
    ]);
    // Its e-mail under both keys; the phone is nobody's any more.
    expect([await claimsOf(id), await claimsOf(heir), await claimsOf(next)]).toEqual([0, 2, 0]);
    const { rows: told } = await owner.query(
      `SELECT actor, reason, detail FROM audit_events WHERE lead_id = $1 AND type = 'lead.reprocessed'`,
      [heir],
    );
    expect(told).toEqual([{ actor: `key:${keyOfAcme.split('_')[1]}`, reason: 'lead_duplicate_corrected', detail: { earlierLeadId: id } }]);
  });

  it('stands in the story of the lead', async () => {
    const id = await aClaimingLead();
    await send({ type: 'lead_created', lead_id: id, crm_record_id: 'crm-9' });
    const lead = (await (await patient('GET', () => (apps[0] as ReadingApp).get(`/v1/leads/${id}`, keyOfAcme))).json()) as {
      feedback: object[];
    };
    expect(lead.feedback).toEqual([expect.objectContaining({ type: 'lead_created', crm_record_id: 'crm-9', released: 0 })]);
  });

  it('knows no lead of another tenant, none that is erased, and no tenant but its own', async () => {
    const foreign = await aClaimingLead('other');
    const own = await aClaimingLead();
    const erased = await aLead(owner, { tenant: 'acme', status: 'ERASED' });
    const missing = await (await send({ type: 'lead_created', lead_id: uuidv7() })).json();
    for (const body of [
      { type: 'lead_duplicate_corrected', lead_id: foreign },
      { type: 'lead_duplicate_corrected', lead_id: foreign, tenant_id: 'other' },
      { type: 'lead_duplicate_corrected', lead_id: own, tenant_id: 'other' },
      { type: 'lead_created', lead_id: erased },
      { type: 'lead_created', lead_id: 'no-id' },
    ]) {
      const answer = await send(body);
      expect(answer.status).toBe(404);
      const varying = { requestId: expect.any(String) as string, instance: expect.any(String) as string };
      expect(await answer.json()).toEqual({ ...(missing as object), ...varying });
    }
    expect([await claimsOf(foreign), await claimsOf(own)]).toEqual([4, 4]);
    expect((await send({ type: 'lead_created', lead_id: own, tenant_id: 'acme' })).status).toBe(200);
  });

  it('takes a key of a tenant only', async () => {
    expect((await send({}, { key: 'guess' })).status).toBe(401);
    const answer = await send({}, { key: ADMIN_KEY });
    expect([answer.status, await codeOf(answer)]).toEqual([403, 'key_scope']);
  });

  it.each([
    ['no JSON', '{"type":', 400, 'malformed_json'],
    ['no UTF-8', Buffer.from('{"type":"\xff"}', 'latin1'), 400, 'malformed_json'],
    ['no object', '[]', 400, 'invalid_body'],
    ['an empty body', '', 400, 'malformed_json'],
    ['no type', { lead_id: uuidv7() }, 400, 'invalid_body'],
    ['another type', { type: 'lead_deleted', lead_id: uuidv7() }, 400, 'invalid_body'],
    ['no lead', { type: 'lead_created' }, 400, 'invalid_body'],
    ['a list for a lead', { type: 'lead_created', lead_id: [uuidv7()] }, 400, 'invalid_body'],
    ['a member it does not know', { type: 'lead_created', lead_id: uuidv7(), status: 'DELIVERED' }, 400, 'invalid_body'],
    ['__proto__', `{"type":"lead_created","lead_id":"${uuidv7()}","__proto__":{"released":9}}`, 400, 'invalid_body'],
    ['NUL in the record id', { type: 'lead_created', lead_id: uuidv7(), crm_record_id: 'a\u0000b' }, 400, 'invalid_body'],
    ['half a surrogate pair', `{"type":"lead_created","lead_id":"${uuidv7()}","crm_record_id":"\\ud800"}`, 400, 'invalid_body'],
    ['a long record id', { type: 'lead_created', lead_id: uuidv7(), crm_record_id: 'x'.repeat(256) }, 400, 'invalid_body'],
    ['a large body', { type: 'lead_created', lead_id: 'x'.repeat(70_000) }, 413, 'body_too_large'],
  ])('answers %s with a problem', async (_what, body, status, code) => {
    const answer = await send(body);
    expect([answer.status, await codeOf(answer)]).toEqual([status, code]);
  });

  it('takes application/json only', async () => {
    expect((await send('{}', { type: 'text/plain' })).status).toBe(415);
    expect((await send('{}', { type: '' })).status).toBe(415);
  });
});

describe('the limits of feedback', () => {
  async function fill(tenant: string, events: number, age: string): Promise<string> {
    const id = await aClaimingLead(tenant);
    await owner.query(
      `INSERT INTO feedback_events (id, tenant_id, lead_id, type, api_key_id, received_at)
       SELECT gen_random_uuid(), $1, $2, 'lead_created', 'spec', clock_timestamp() - $4::interval FROM generate_series(1, $3)`,
      [tenant, id, events, age],
    );
    return id;
  }

  it('let 1,000 events of a tenant an hour through, whichever process takes them, and release nothing beyond', async () => {
    await aTenant(owner, 'busy');
    const key = await keyOf('busy');
    const began = performance.now();
    const id = await fill('busy', 997, '50 minutes');
    const body = { type: 'lead_created', lead_id: id };
    const answers = await Promise.all(Array.from({ length: 12 }, (_, index) => send(body, { key, app: index % 2 })));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, ...Array.from({ length: 9 }, () => 429)]);
    const refused = await send({ type: 'lead_duplicate_corrected', lead_id: id }, { key });
    expect([refused.status, await codeOf(refused)]).toEqual([429, 'feedback_limit']);
    const seconds = Number(refused.headers.get('retry-after'));
    expect(seconds).toBeLessThanOrEqual(600);
    expect(seconds).toBeGreaterThanOrEqual(Math.floor(600 - (performance.now() - began) / 1000));
    expect(refused.headers.get('ratelimit')).toBe(`"tenant";r=0;t=${seconds}`);
    expect(refused.headers.get('ratelimit-policy')).toBe('"tenant";q=1000;w=3600');
    expect(await claimsOf(id)).toBe(4);
    expect((await send({ type: 'lead_created', lead_id: await aClaimingLead() })).status).toBe(200);
  });

  it('forget what is older than an hour', async () => {
    await aTenant(owner, 'calm');
    const key = await keyOf('calm');
    const id = await fill('calm', 1000, '61 minutes');
    expect((await send({ type: 'lead_created', lead_id: id }, { key })).status).toBe(200);
  });

  it('let 10,000 events of all tenants an hour through', async () => {
    for (let n = 0; n < 10; n += 1) {
      await aTenant(owner, `crowd-${n}`);
      await fill(`crowd-${n}`, 999, '30 minutes');
    }
    const answer = await send({ type: 'lead_created', lead_id: await aClaimingLead() });
    expect(answer.status).toBe(429);
    expect(answer.headers.get('ratelimit-policy')).toBe('"all";q=10000;w=3600');
  });
});
