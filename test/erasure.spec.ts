import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { createApiKey, FollowedApiKeys } from '#access';
import { type DeliveryId, type LeadId, PERSONAL_COLUMNS, type TenantId } from '#core';
import { eraseLead, ErasureModule } from '#erasure';
import { armFailpoints, createPgPool, Pools } from '#platform';
import { openAttempts } from '../libs/delivery/src/pg-open-attempts.js';
import { aDeliveredLead, aLead, aTenant } from './reading/a-lead-story.js';
import { type ReadingApp, startReadingApp } from './reading/reading-app.js';
import { eventually } from './support/eventually.js';
import { findCanaries } from './support/find-canaries.js';
import { patient } from './support/gateway-process.js';
import { leadgate } from './support/leadgate-cli.js';
import { createTestDatabase, type TestDatabase } from './support/test-database.js';
import { UNHURRIED } from './support/unhurried.js';

/** What is planted for the person of one lead. */
const personOf = (leadId: string): string => `kanarienvogel-${leadId.slice(-12)}@example.com`;

let database: TestDatabase;
let owner: pg.Client;
/** For those that wait for a lock until a test gives it back. */
let waiters: pg.Pool;
let app: ReadingApp;
let keyOfAcme: string;
let keyOfOther: string;

const keyOf = async (tenant: string): Promise<string> => {
  const holder = { scope: 'tenant', tenantId: tenant as TenantId } as const;
  return (await createApiKey(app.app.get(Pools).work, { holder, name: 'spec', actor: 'cli' })).key;
};

beforeAll(async () => {
  database = await createTestDatabase();
  owner = new pg.Client({ connectionString: database.ownerUrl });
  await owner.connect();
  for (const tenant of ['acme', 'other']) await aTenant(owner, tenant);
  waiters = createPgPool({ url: database.url, applicationName: 'erasure-spec', max: 2, ...UNHURRIED });
  app = await startReadingApp(database.url, { modules: [ErasureModule] });
  [keyOfAcme, keyOfOther] = [await keyOf('acme'), await keyOf('other')];
  await app.app.get(FollowedApiKeys, { strict: false }).refresh();
});
afterEach(() => armFailpoints([]));
afterAll(async () => {
  await app?.close();
  await waiters?.end();
  await owner?.end();
  await database?.drop();
});

async function ask(id: string, { key = keyOfAcme, reason = 'person_asked' } = {}): Promise<{ status: number; body: unknown }> {
  const response = await patient('the erasure', () =>
    fetch(`${app.url}/v1/leads/${id}/erase`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ reason }),
    }),
  );
  return { status: response.status, body: await response.json() };
}

/** How the rows of each table on the list of personal data belong to a lead. */
const ROWS_OF_LEAD: Record<keyof typeof PERSONAL_COLUMNS, string> = {
  inbound_requests: 'id = (select inbound_request_id from leads where id = $1)',
  leads: 'id = $1',
  idempotency_records: 'lead_id = $1',
  identity_claims: 'lead_id = $1',
  feedback_events: 'lead_id = $1',
  crm_leads: 'lead_id = $1',
  deliveries: 'lead_id = $1',
  delivery_attempts: 'lead_id = $1',
  what_if_claims: 'lead_id = $1',
};

/** A delivered lead with the person in every column that may hold something of one. */
async function aLeadFullOfAPerson(): Promise<string> {
  const id = await aDeliveredLead(owner, { tenant: 'acme' }, '{}');
  await owner.query(`INSERT INTO crm_leads (lead_id, tenant_id) VALUES ($1, 'acme')`, [id]);
  await owner.query(
    `INSERT INTO identity_claims (tenant_id, kind, fingerprint, key_id, lead_id, expires_at) VALUES ('acme', 'email', $2, 'k1', $1, now() + interval '1 day')`,
    [id, Buffer.from(randomUUID())],
  );
  await owner.query(`INSERT INTO feedback_events (id, tenant_id, lead_id, type, api_key_id) VALUES ($2, 'acme', $1, 'lead_created', 'k')`, [
    id,
    uuidv7(),
  ]);
  await owner.query(
    `INSERT INTO idempotency_records (tenant_id, source_id, key_sha256, body_fingerprint, lead_id) VALUES ('acme', 'acme/webhook', $2, '', $1)`,
    [id, Buffer.from(id)],
  );
  const whatIf = uuidv7();
  await owner.query(
    `INSERT INTO what_ifs (id, tenant_id, config_version_id, compared_version_id, filter, requested_by) SELECT $1, 'acme', id, id, '{}', 'cli' FROM config_versions WHERE tenant_id = 'acme'`,
    [whatIf],
  );
  await owner.query(
    `INSERT INTO what_if_claims (what_if_id, version, kind, fingerprint, lead_id, claimed_at, expires_at) VALUES ($2, 'draft', 'email', '', $1, now(), now())`,
    [id, whatIf],
  );
  for (const [table, columns] of Object.entries(PERSONAL_COLUMNS)) {
    const { rows } = await owner.query<{ name: string; type: string }>(
      `SELECT column_name AS name, data_type AS type FROM information_schema.columns WHERE table_schema = 'public' AND table_name = $1 AND column_name = ANY($2)`,
      [table, Object.keys(columns)],
    );
    const assignments = rows.map(({ name, type }) => {
      if (type === 'bytea') return `${name} = convert_to('${personOf(id)} ' || $1::text, 'UTF8')`;
      if (type === 'jsonb') return `${name} = jsonb_build_object('a', '${personOf(id)}', 'of', $1::text)`;
      return `${name} = '${personOf(id)} ' || $1::text`;
    });
    const { rowCount } = await owner.query(
      `UPDATE ${table} SET ${assignments.join(', ')} WHERE ${ROWS_OF_LEAD[table as keyof typeof PERSONAL_COLUMNS]}`,
      [id],
    );
    expect({ table, found: (rowCount ?? 0) > 0 }).toEqual({ table, found: true });
  }
  return id;
}

/** Requests that say the same once more: a repeated one, one with the key and another body, one that was released to the lead. */
async function itsRepetitions(id: string): Promise<void> {
  for (const [verdict, detail, key, released] of [
    ['replayed', `${randomUUID()}, ${id}`, null, null],
    ['idempotency_key_reused', 'The key was used', Buffer.from(id), null],
    ['malformed', null, null, [id]],
  ]) {
    await owner.query(
      `INSERT INTO inbound_requests (id, tenant_id, source_id, route, verdict, verdict_detail, status_code, headers, request_id, correlation_id,
                                     body, body_text, body_bytes, body_sha256, key_sha256, released_lead_ids)
       VALUES ($1, 'acme', 'acme/webhook', '/webhooks/leads', $2, $3, 200, '{}', 'r', $1, convert_to($4, 'UTF8'), $4, 0, '', $5, $6)`,
      [uuidv7(), verdict, detail, personOf(id), key, released],
    );
  }
}

const sightings = async (leadId: string): Promise<string[]> =>
  (await findCanaries(owner, [personOf(leadId)])).map(({ table, column }) => `${table}.${column}`);
const lead = async (id: string): Promise<unknown> =>
  (await owner.query<object>('SELECT status, hold_reason FROM leads WHERE id = $1', [id])).rows[0];
const eventsOf = async (id: string): Promise<unknown[]> =>
  (
    await owner.query<object>(
      `SELECT from_status, to_status, actor, reason, detail FROM audit_events WHERE lead_id = $1 AND type = 'lead.erased'`,
      [id],
    )
  ).rows;

describe('an erased lead', () => {
  it('says nothing of its person any more, in any column of any table, nor do the requests that repeated it', async () => {
    const id = await aLeadFullOfAPerson();
    await itsRepetitions(id);
    expect((await sightings(id)).length).toBeGreaterThan(20);
    const { status, body } = await ask(id);
    expect({ status, body }).toEqual({
      status: 200,
      body: {
        id,
        status: 'ERASED',
        already: false,
        told_to: [{ destination: 'acme/customer-api', record_id: `${personOf(id)} ${id}`, certain: true }],
      },
    });
    expect(await sightings(id)).toEqual([]);
    expect(await lead(id)).toEqual({ status: 'ERASED', hold_reason: null });
    expect(await eventsOf(id)).toEqual([
      {
        from_status: 'DELIVERED',
        to_status: 'ERASED',
        actor: `key:${keyOfAcme.split('_')[1]}`,
        reason: 'person_asked',
        detail: { requests: 4, destinations: ['acme/customer-api'], heirs: 0 },
      },
    ]);
  });

  it('stays erased when it is asked for again, with one line in the trail', async () => {
    const id = await aLeadFullOfAPerson();
    await ask(id);
    expect(await ask(id)).toMatchObject({ status: 200, body: { id, status: 'ERASED', already: true } });
    expect(await eventsOf(id)).toHaveLength(1);
  });

  it('says whom to tell each time it is asked for: who has it, and of whom that is not known', async () => {
    const id = await aLead(owner, { tenant: 'acme', status: 'FAILED' });
    // Delivered · a call under way · never sent · a success that was none · a gateway in front of the CRM gave up · refused.
    for (const [epoch, status, sentState, code] of [
      [1, 'DELIVERED', 'answered', 201],
      [2, 'SENDING', 'unknown', null],
      [3, 'RETRYING', 'not_sent', null],
      [4, 'HELD', 'answered', 200],
      [5, 'RETRYING', 'answered', 504],
      [6, 'PERMANENTLY_FAILED', 'answered', 422],
    ]) {
      const delivery = uuidv7();
      await owner.query(
        `INSERT INTO deliveries (id, tenant_id, lead_id, destination_id, epoch, status, idempotency_key, content_type, payload, crm_record_id, finished_at)
         VALUES ($1, 'acme', $2, 'acme/customer-api', $3::int, $4::text, 'k', 'application/json', '{}', 'r-' || $3::int, CASE WHEN $4 = 'DELIVERED' THEN now() END)`,
        [delivery, id, epoch, status],
      );
      await owner.query(
        `INSERT INTO delivery_attempts (delivery_id, attempt_no, tenant_id, lead_id, sent_state, status_code) VALUES ($1, 1, 'acme', $2, $3, $4)`,
        [delivery, id, sentState, code],
      );
    }
    const told = async (): Promise<unknown> => ((await ask(id)).body as { told_to: unknown }).told_to;
    const to = { destination: 'acme/customer-api' };
    const records = [
      { ...to, record_id: 'r-1', certain: true },
      ...['r-2', 'r-4', 'r-5'].map((record_id) => ({ ...to, record_id, certain: false })),
    ];
    expect(await told()).toEqual(records);
    const again = records.map((line) => ({ ...line, record_id: null }));
    expect([await told(), await told()]).toEqual([again, again]);
  });

  it('is either whole or gone: what breaks half-way leaves it as it was, and asking again finishes', async () => {
    const id = await aLeadFullOfAPerson();
    const before = await sightings(id);
    armFailpoints([{ name: 'erase_before_commit', subject: null, verb: 'throw', milliseconds: 0, hit: 1 }]);
    expect((await ask(id)).status).toBe(500);
    expect(await sightings(id)).toEqual(before);
    expect(await eventsOf(id)).toEqual([]);
    expect((await ask(id)).status).toBe(200);
    expect(await sightings(id)).toEqual([]);
  });

  it('goes nowhere any more: open deliveries end, and one that is on its way is not taken up again', async () => {
    const id = await aLead(owner, { tenant: 'acme', status: 'FAILED' });
    for (const [epoch, status, lease] of [
      [1, 'RETRYING', null],
      [2, 'SENDING', '2026-01-01'],
    ]) {
      await owner.query(
        `INSERT INTO deliveries (id, tenant_id, lead_id, destination_id, epoch, status, idempotency_key, content_type, payload, lease_until)
         VALUES ($1, 'acme', $2, 'acme/customer-api', $3, $4, 'k', 'application/json', '{}', $5)`,
        [uuidv7(), id, epoch, status, lease],
      );
    }
    await ask(id);
    const { rows } = await owner.query<object>(
      `SELECT status, payload, lease_until, last_error, finished_at IS NOT NULL AS finished FROM deliveries WHERE lead_id = $1`,
      [id],
    );
    const ended = { status: 'PERMANENTLY_FAILED', payload: '', lease_until: null, last_error: 'Lead erased', finished: true };
    expect(rows).toEqual([ended, ended]);
  });

  it('goes to nobody who is not told of: a claim that comes meanwhile waits, and gets nothing', async () => {
    const id = await aLead(owner, { tenant: 'acme', status: 'READY' });
    const delivery = uuidv7() as DeliveryId;
    await owner.query(
      `INSERT INTO deliveries (id, tenant_id, lead_id, destination_id, idempotency_key, content_type, payload)
       VALUES ($1, 'acme', $2, 'acme/customer-api', 'k', 'application/json', '{}')`,
      [delivery, id],
    );
    const waiting = (count: number) =>
      eventually('they wait', async () => {
        // Not by the owner: within its transaction it sees what it saw the first time.
        const { rows } = await app.app
          .get(Pools)
          .work.query(`SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND state = 'active'`);
        return rows.length >= count ? true : undefined;
      });
    // It has read whom to tell by then.
    await owner.query('BEGIN');
    await owner.query('SELECT FROM inbound_requests WHERE id = (SELECT inbound_request_id FROM leads WHERE id = $1) FOR UPDATE', [id]);
    const erasing = eraseLead(waiters, { scope: 'every_tenant', leadId: id as LeadId, actor: 'cli', reason: 'person_asked' });
    await waiting(1);
    const claiming = openAttempts(waiters, [delivery]);
    await waiting(2);
    await owner.query('COMMIT');
    expect(await erasing).toMatchObject({ already: false, toldTo: [] });
    expect(await claiming).toEqual([null]);
    expect((await owner.query('SELECT FROM delivery_attempts WHERE lead_id = $1', [id])).rowCount).toBe(0);
  });

  it('keeps nobody out: the lead it held back is decided again', async () => {
    const [id, heir] = [await aLeadFullOfAPerson(), await aLead(owner, { tenant: 'acme', status: 'HELD', holdReason: 'duplicate' })];
    await owner.query('UPDATE leads SET duplicate_of = $1 WHERE id = $2', [id, heir]);
    await ask(id);
    expect(await lead(heir)).toEqual({ status: 'RECEIVED', hold_reason: null });
  });
});

describe('who may erase', () => {
  it("another tenant's lead is unknown, and stays", async () => {
    const id = await aLead(owner, { tenant: 'acme' });
    expect((await ask(id, { key: keyOfOther })).status).toBe(404);
    expect(
      await eraseLead(app.app.get(Pools).work, {
        scope: { only: 'other' as TenantId },
        leadId: id as LeadId,
        actor: 'cli',
        reason: 'test_data',
      }),
    ).toBeUndefined();
    expect(await lead(id)).toMatchObject({ status: 'RECEIVED' });
  });

  it('a reason is a code, because the trail outlives the lead', async () => {
    const id = await aLead(owner, { tenant: 'acme' });
    const { status, body } = await ask(id, { reason: 'Erika Mustermann called' });
    expect(status).toBe(400);
    expect(JSON.stringify(body)).toContain('reason must be one of person_asked');
    expect(JSON.stringify(body)).not.toContain('Erika');
  });
});

describe('leadgate erase', () => {
  const run = (...words: string[]) => leadgate(['erase', ...words], { DATABASE_URL: database.url });

  it('says whom to tell', async () => {
    const id = await aLeadFullOfAPerson();
    const { code, said } = await run(id, '--tenant', 'acme', '--reason', 'person_asked');
    expect(code).toBe(0);
    expect(said).toContain(`The lead ${id} is erased. Tell those who may have it:\n  - acme/customer-api`);
    expect((await run(id, '--tenant', 'acme', '--reason', 'person_asked')).said).toContain(
      `The lead ${id} was erased before; nothing was changed. Tell those who may have it:\n  - acme/customer-api\n`,
    );
    expect(await sightings(id)).toEqual([]);
  });

  it('says what is missing', async () => {
    const id = randomUUID();
    expect((await run(id, '--reason', 'person_asked')).complained).toContain('--tenant');
    expect((await run(id, '--tenant', 'acme')).complained).toContain('--reason person_asked|');
    expect((await run('4711', '--tenant', 'acme', '--reason', 'test_data')).complained).toContain('must be the id of a lead');
    expect(await run(id, '--tenant', 'acme', '--reason', 'test_data')).toMatchObject({ code: 1 });
  });
});
