import { randomBytes, randomUUID } from 'node:crypto';
import type pg from 'pg';
import { AuditTrail } from '#audit';
import { createPgPool } from '#platform';
import { expiredRows, SweepExpired, type SweepReport } from '#retention';
import { createTestDatabase, type TestDatabase } from './support/test-database.js';
import { UNHURRIED } from './support/unhurried.js';

let database: TestDatabase;
let pool: pg.Pool;

beforeAll(async () => {
  database = await createTestDatabase();
  pool = createPgPool({ url: database.url, applicationName: 'sweep-spec', ...UNHURRIED });
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});
beforeEach(async () => {
  await pool.query('DELETE FROM delivery_attempts');
  await pool.query('DELETE FROM deliveries');
  await pool.query('DELETE FROM idempotency_records');
  await pool.query('DELETE FROM leads');
  await pool.query('DELETE FROM inbound_requests');
  await pool.query("INSERT INTO tenants (id, name) VALUES ('acme', 'Acme'), ('beta', 'Beta') ON CONFLICT DO NOTHING");
  await pool.query(
    "INSERT INTO sources (id, tenant_id, name, kind, path) VALUES ('acme/in', 'acme', 'in', 'json', '/in') ON CONFLICT DO NOTHING",
  );
  await pool.query(
    "INSERT INTO destinations (id, tenant_id, name, kind) VALUES ('acme/crm', 'acme', 'crm', 'http') ON CONFLICT DO NOTHING",
  );
});

const sweep = (quarantineDays = 7) => new SweepExpired(pool, { quarantineDays }, new AuditTrail());

async function aRequest({ age = '0', verdict = 'malformed', tenant = 'acme' as string | null } = {}): Promise<string> {
  const id = randomUUID();
  await pool.query(
    `INSERT INTO inbound_requests (id, received_at, tenant_id, route, verdict, status_code, headers, request_id, correlation_id, body, body_text, body_bytes, body_sha256)
     VALUES ($1, now() - $2::interval, $3, '/in', $4, 400, '{}', 'r', $5, '', '', 0, '')`,
    [id, age, tenant, verdict, randomUUID()],
  );
  return id;
}

async function aLead({ request, status = 'RECEIVED' }: { request: string; status?: string }): Promise<string> {
  const id = randomUUID();
  await pool.query(
    `INSERT INTO leads (id, tenant_id, source_id, inbound_request_id, correlation_id, request_id, status, payload)
     VALUES ($1, 'acme', 'acme/in', $2, $3, 'r', $4, '{}')`,
    [id, request, randomUUID(), status],
  );
  return id;
}

async function anAttempt({ age = '0', status = 'DELIVERED' } = {}): Promise<string> {
  const lead = await aLead({ request: await aRequest({ verdict: 'accepted' }), status });
  const delivery = randomUUID();
  await pool.query(
    `INSERT INTO deliveries (id, tenant_id, lead_id, destination_id, idempotency_key, content_type, payload)
     VALUES ($1, 'acme', $2, 'acme/crm', 'k', 'application/json', '{}')`,
    [delivery, lead],
  );
  await pool.query(
    `INSERT INTO delivery_attempts (delivery_id, attempt_no, tenant_id, lead_id, started_at, response_excerpt, status_code)
     VALUES ($1, 1, 'acme', $2, now() - $3::interval, 'an answer', 201)`,
    [delivery, lead, age],
  );
  return delivery;
}

async function aKey(expires: string | null, tenant = 'acme'): Promise<void> {
  await pool.query(
    `INSERT INTO idempotency_records (tenant_id, source_id, key_sha256, body_fingerprint, lead_id, expires_at)
     VALUES ($1, 'acme/in', $2, '', $3, now() + $4::interval)`,
    [tenant, randomBytes(32), randomUUID(), expires],
  );
}

const count = async (sql: string): Promise<number> =>
  Number((await pool.query<{ count: string }>(`SELECT count(*) FROM ${sql}`)).rows[0]?.count);
const eventsSince = async (id: string) =>
  (await pool.query('SELECT tenant_id, actor, detail FROM audit_events WHERE type = $1 AND id > $2 ORDER BY id', ['sweep.finished', id]))
    .rows;
const lastEvent = async (): Promise<string> =>
  (await pool.query<{ id: string }>('SELECT id FROM audit_events ORDER BY id DESC LIMIT 1')).rows[0]?.id ??
  '00000000-0000-0000-0000-000000000000';

describe('the sweep', () => {
  it('removes idempotency records an hour after they expired; those without an end stay', async () => {
    await aKey('-61 minutes');
    await aKey('-59 minutes');
    await aKey('1 day');
    await aKey(null);
    expect((await sweep().run()).rows).toMatchObject({ idempotency_records: 1, quarantine: 0 });
    expect(await count('idempotency_records')).toBe(3);
  });

  it('removes operator events after 30 days', async () => {
    for (const age of ['31 days', '29 days'])
      await pool.query(
        `INSERT INTO operator_events (id, tenant_id, type, subject, at) VALUES ($1, 'acme', 'breaker.opened', 'acme/crm', now() - $2::interval)`,
        [randomUUID(), age],
      );
    expect((await sweep().run()).rows).toMatchObject({ operator_events: 1 });
    expect(await count('operator_events')).toBe(1);
  });

  it('removes claims a day after they expired', async () => {
    const lead = await aLead({ request: await aRequest({ verdict: 'accepted' }), status: 'KEPT' });
    for (const expires of ['-25 hours', '-23 hours', '1 day']) {
      await pool.query(
        `INSERT INTO identity_claims (tenant_id, kind, fingerprint, key_id, lead_id, expires_at) VALUES ('acme', 'email', $1, 'k', $2, now() + $3::interval)`,
        [randomBytes(32), lead, expires],
      );
    }
    expect((await sweep().run()).rows).toMatchObject({ expired_claims: 1 });
    expect(await count('identity_claims')).toBe(2);
    await pool.query('DELETE FROM identity_claims');
  });

  it('removes refused requests after their days, unless they became a lead; accepted ones stay', async () => {
    const kept = [
      await aRequest({ age: '6 days 23 hours' }),
      await aRequest({ age: '30 days', verdict: 'accepted' }),
      await aRequest({ age: '30 days' }),
    ];
    await aLead({ request: kept[2] as string });
    await aRequest({ age: '7 days 1 hour' });
    await aRequest({ age: '8 days', tenant: null });
    expect((await sweep().run()).rows.quarantine).toBe(2);
    const { rows } = await pool.query<{ id: string }>('SELECT id FROM inbound_requests');
    expect(rows.map(({ id }) => id).sort()).toEqual([...kept].sort());
  });

  it('takes the number of days from the settings', async () => {
    await aRequest({ age: '1 minute' });
    expect((await sweep(0).run()).rows.quarantine).toBe(1);
  });

  it('empties excerpts of erased leads and of attempts older than 90 days, and leaves the rest of the attempt', async () => {
    const [fresh, erased, old] = [
      await anAttempt({ age: '89 days' }),
      await anAttempt({ status: 'ERASED' }),
      await anAttempt({ age: '91 days' }),
    ];
    expect((await sweep().run()).rows).toMatchObject({ excerpts_of_erased_leads: 1, old_excerpts: 1 });
    const { rows } = await pool.query('SELECT delivery_id, response_excerpt, status_code FROM delivery_attempts');
    expect(rows).toHaveLength(3);
    expect(rows).toEqual(
      expect.arrayContaining([
        { delivery_id: fresh, response_excerpt: 'an answer', status_code: 201 },
        { delivery_id: erased, response_excerpt: null, status_code: 201 },
        { delivery_id: old, response_excerpt: null, status_code: 201 },
      ]),
    );
  });

  it('goes on until nothing is left, batch by batch, with one audit event per tenant and batch', async () => {
    await pool.query(
      `INSERT INTO idempotency_records (tenant_id, source_id, key_sha256, body_fingerprint, lead_id, expires_at)
       SELECT CASE WHEN n <= 10 THEN 'beta' ELSE 'acme' END, 'acme/in', int4send(n), '', gen_random_uuid(), now() - make_interval(days => 3000 - n)
         FROM generate_series(1, 2500) AS n`,
    );
    const before = await lastEvent();
    expect((await sweep().run('cli')).rows.idempotency_records).toBe(2500);
    expect(await eventsSince(before)).toEqual(
      expect.arrayContaining([
        { tenant_id: 'beta', actor: 'cli', detail: { kind: 'idempotency_records', rows: 10 } },
        { tenant_id: 'acme', actor: 'cli', detail: { kind: 'idempotency_records', rows: 990 } },
        { tenant_id: 'acme', actor: 'cli', detail: { kind: 'idempotency_records', rows: 1000 } },
        { tenant_id: 'acme', actor: 'cli', detail: { kind: 'idempotency_records', rows: 500 } },
      ]),
    );
  });

  it('is done by one process at a time, and the lock is given back', async () => {
    let running: Promise<SweepReport> | undefined;
    await aKey('-2 hours');
    let finishFirst = (): void => undefined;
    const firstMayFinish = new Promise<void>((resolve) => (finishFirst = resolve));
    const first = new Promise<void>((inItsBatch) => {
      const slowTrail = {
        append: () => {
          inItsBatch();
          return firstMayFinish;
        },
      };
      running = new SweepExpired(pool, { quarantineDays: 7 }, slowTrail).run();
    });
    await first;
    expect(await sweep().run()).toMatchObject({ elsewhere: true, rows: { idempotency_records: 0 } });
    finishFirst();
    expect(await running).toMatchObject({ elsewhere: false, rows: { idempotency_records: 1 } });
    expect((await sweep().run()).elsewhere).toBe(false);
  });

  it('passes over a row that somebody is working on', async () => {
    const request = await aRequest({ age: '30 days' });
    const worker = await pool.connect();
    await worker.query('BEGIN');
    await worker.query('SELECT FROM inbound_requests WHERE id = $1 FOR KEY SHARE', [request]);
    expect((await sweep().run()).rows.quarantine).toBe(0);
    await worker.query('COMMIT');
    worker.release();
    expect((await sweep().run()).rows.quarantine).toBe(1);
  });

  it('stops after the batch in hand', async () => {
    await aKey('-2 hours');
    const stopped = sweep();
    stopped.stop();
    expect((await stopped.run()).rows.idempotency_records).toBe(0);
    expect(await count('idempotency_records')).toBe(1);
  });

  it('finds what expired through indexes', async () => {
    const client = await pool.connect();
    try {
      await client.query('BEGIN');
      // The tables are empty here, where reading them whole is cheapest; the question is whether an index fits at all.
      await client.query('SET LOCAL enable_seqscan = off');
      const plans: Record<string, string> = {};
      for (const { name, sql, parameters } of expiredRows({ quarantineDays: 7 })) {
        plans[name] = JSON.stringify((await client.query(`EXPLAIN ${sql}`, [1000, ...parameters])).rows);
      }
      expect(plans['idempotency_records']).toContain('idempotency_records_expiry');
      expect(plans['expired_claims']).toContain('identity_claims_expiry');
      expect(plans['quarantine']).toContain('inbound_requests_quarantine');
      // Both hold the erased leads; which of them is smaller depends on the tenants.
      expect(plans['excerpts_of_erased_leads']).toMatch(/leads_(ended|by_status)/);
      expect(plans['old_excerpts']).toContain('delivery_attempts_excerpts');
      await client.query('ROLLBACK');
    } finally {
      client.release();
    }
  });
});
