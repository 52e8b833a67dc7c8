import pg from 'pg';
import { appendAuditEvents } from '#audit';
import type { LeadStatus, TenantId } from '#core';
import { accountedFor, balanceLedger, type FindingCode, type Ledger } from '#ledger';
import { createPgPool } from '#platform';
import { leadgate } from '../support/leadgate-cli.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { UNHURRIED } from '../support/unhurried.js';
import { aDelivery, aLead, aRequest, aTenant, type LeadStory } from './a-ledger-story.js';

let database: TestDatabase;
let pool: pg.Pool;
let owner: pg.Client;

beforeAll(async () => {
  database = await createTestDatabase();
  pool = createPgPool({ url: database.url, applicationName: 'ledger-spec', ...UNHURRIED });
  owner = new pg.Client({ connectionString: database.ownerUrl });
  await owner.connect();
  await aTenant(pool, 'acme');
});
afterAll(async () => {
  await owner.end();
  await pool.end();
  await database.drop();
});
/** The trail cannot be emptied, so every test has a period of its own. */
let since: number;
beforeEach(async () => {
  // Row by row, 45,000 leads would each look for leads that name them.
  await owner.query('TRUNCATE delivery_attempts, deliveries, journeys, leads, inbound_requests, alarms, watches, operator_events CASCADE');
  const began = (since = Date.now() + 1);
  while (Date.now() <= began) await new Promise((resolve) => setImmediate(resolve));
});

const ledger = (): Promise<Ledger> => balanceLedger(pool, { since, until: null });
const codesOf = ({ findings }: Ledger): FindingCode[] => findings.map(({ code }) => code);

describe('the ledger adds up', () => {
  it('with a lead in every state, by source', async () => {
    for (const status of ['RECEIVED', 'READY', 'FAILED', 'DELIVERED', 'KEPT', 'PERMANENTLY_FAILED', 'ERASED'])
      await aLead(pool, { status });
    await aLead(pool, { status: 'REJECTED', rejection: 'ZIP_NOT_66XXX' });
    await aLead(pool, { status: 'REJECTED', rejection: 'duplicate_confirmed' });
    await aLead(pool, { status: 'HELD', holdReason: 'duplicate' });
    await aLead(pool, { status: 'HELD', holdReason: 'awaiting_fetch', delivery: 'PENDING', purpose: 'fetch' });
    await aLead(pool, { status: 'PERMANENTLY_FAILED', delivery: null });
    await aLead(pool, { status: 'DELIVERED', source: 'form' });
    await aRequest(pool, { verdict: 'malformed' });
    await aRequest(pool, { verdict: 'malformed', released: true });
    await aRequest(pool, { verdict: 'replayed' });
    await aRequest(pool, { verdict: 'unknown_tenant', source: null });
    const result = await ledger();
    expect(result.findings).toEqual([]);
    expect(result.balanced).toBe(true);
    expect(result.lines).toEqual([
      { ...nothing, tenantId: 'acme', sourceId: 'acme/form', received: 1, delivered: 1 },
      {
        ...nothing,
        tenantId: 'acme',
        sourceId: 'acme/in',
        received: 13,
        delivered: 1,
        rejected: 1,
        duplicate: 1,
        held: 2,
        dead_lettered: 2,
        in_flight: 3,
        kept: 1,
        erased: 1,
        quarantined: 1,
      },
      { ...nothing, tenantId: null, sourceId: null, received: 1, quarantined: 1 },
    ]);
  });

  it('with deliveries that another one took the place of, which say nothing any more', async () => {
    const lead = await aLead(pool, { status: 'DELIVERED', delivery: 'PERMANENTLY_FAILED', superseded: true });
    await aDelivery(pool, lead, 'DELIVERED', { epoch: 2 });
    expect(await ledger()).toMatchObject({ balanced: true, findings: [] });
  });

  it('with a lead that was in the same status before, whatever the order of its trail', async () => {
    const lead = await aLead(pool, { status: 'PERMANENTLY_FAILED' });
    const again = (from: LeadStatus, to: LeadStatus) =>
      ({ tenantId: 'acme' as TenantId, leadId: lead, type: 'lead.status', from, to, actor: 'pipeline' }) as const;
    // As a clock that is behind leaves it: the last step first.
    await appendAuditEvents(pool, [again('FAILED', 'PERMANENTLY_FAILED'), again('READY', 'FAILED'), again('FAILED', 'FAILED')]);
    await appendAuditEvents(pool, [again('PERMANENTLY_FAILED', 'READY')]);
    expect(await ledger()).toMatchObject({ balanced: true, findings: [] });
  });

  it('for its period only', async () => {
    await aLead(pool);
    const [{ id }] = (await pool.query<{ id: string }>('SELECT id FROM leads')).rows as [{ id: string }];
    const made = Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16);
    expect((await balanceLedger(pool, { since, until: made })).lines).toEqual([]);
    expect((await balanceLedger(pool, { since: made + 1, until: null })).lines).toEqual([]);
    expect((await balanceLedger(pool, { since: made, until: made + 1 })).lines).toMatchObject([{ received: 1 }]);
  });
});

const nothing = {
  received: 0,
  delivered: 0,
  rejected: 0,
  duplicate: 0,
  held: 0,
  dead_lettered: 0,
  in_flight: 0,
  kept: 0,
  erased: 0,
  quarantined: 0,
};

describe('the ledger says so when it does not add up', () => {
  interface Break {
    readonly description: string;
    readonly story: LeadStory;
    /** Done to the lead $1, past the gateway. */
    readonly sql?: string;
    readonly code: FindingCode;
  }
  const breaks: readonly Break[] = [
    {
      description: 'a lead that lost its only delivery',
      story: { status: 'READY' },
      sql: 'DELETE FROM deliveries WHERE lead_id = $1',
      code: 'nothing_will_send',
    },
    {
      description: 'a lead that waits for a delivery that is over',
      story: { status: 'FAILED' },
      sql: "UPDATE deliveries SET status = 'DELIVERED' WHERE lead_id = $1",
      code: 'nothing_will_send',
    },
    {
      description: 'a lead that waits for a delivery another took the place of',
      story: { status: 'READY', superseded: true },
      code: 'nothing_will_send',
    },
    {
      description: 'a lead somebody called delivered',
      story: { status: 'READY' },
      sql: "UPDATE leads SET status = 'DELIVERED' WHERE id = $1",
      code: 'delivered_by_nobody',
    },
    { description: 'a delivered lead without a delivery', story: { status: 'DELIVERED', delivery: null }, code: 'delivered_by_nobody' },
    {
      description: 'a rejected lead that is still sent',
      story: { status: 'READY' },
      sql: "UPDATE leads SET status = 'REJECTED' WHERE id = $1",
      code: 'ended_but_sent',
    },
    {
      description: 'a lead that failed for good and is still sent',
      story: { status: 'FAILED' },
      sql: "UPDATE leads SET status = 'PERMANENTLY_FAILED' WHERE id = $1",
      code: 'ended_but_sent',
    },
    {
      description: 'a lead that failed although its delivery did not',
      story: { status: 'DELIVERED' },
      sql: "UPDATE leads SET status = 'PERMANENTLY_FAILED' WHERE id = $1",
      code: 'failed_without_failure',
    },
    { description: 'a delivery without an attempt', story: { status: 'DELIVERED', answered: false }, code: 'delivered_without_answer' },
    {
      description: 'a delivery whose attempt has no answer',
      story: { status: 'DELIVERED' },
      sql: "UPDATE delivery_attempts SET sent_state = 'unknown' WHERE lead_id = $1",
      code: 'delivered_without_answer',
    },
    {
      description: 'a lead that waits for a fetch that is not there',
      story: { status: 'HELD', holdReason: 'awaiting_fetch' },
      code: 'fetched_by_nobody',
    },
    {
      description: 'a status without a decision',
      story: { status: 'RECEIVED' },
      sql: "UPDATE leads SET status = 'KEPT' WHERE id = $1",
      code: 'decided_without_journey',
    },
    ...(
      [
        ['DELIVERED', 'KEPT'],
        ['DELIVERED', 'REJECTED'],
        ['REJECTED', 'KEPT'],
        ['KEPT', 'RECEIVED'],
        ['READY', 'FAILED'],
        ['REJECTED', 'PERMANENTLY_FAILED'],
      ] as const
    ).map(([from, to]): Break => ({
      description: `a lead whose status was set from ${from} to ${to} by hand`,
      story: { status: from },
      sql: `UPDATE leads SET status = '${to}' WHERE id = $1`,
      code: 'status_without_event',
    })),
    { description: 'a row that came past the door', story: { receipt: false }, code: 'receipt_missing' },
  ];
  it.each(breaks)('$description: $code', async ({ story, sql, code }) => {
    await aLead(pool, { status: 'KEPT' });
    const lead = await aLead(pool, story);
    if (sql !== undefined) expect((await pool.query(sql, [lead])).rowCount).toBe(1);
    const result = await ledger();
    expect(result.balanced).toBe(false);
    expect(result.findings).toEqual([{ code, tenantId: 'acme', sourceId: 'acme/in', count: 1, ids: [lead] }]);
  });

  it('a delivered lead with a second delivery that is still open: delivered_too_early', async () => {
    const lead = await aLead(pool, { status: 'DELIVERED' });
    await aDelivery(pool, lead, 'RETRYING', { epoch: 2 });
    expect(await ledger()).toMatchObject({ balanced: false, findings: [{ code: 'delivered_too_early', ids: [lead] }] });
  });

  it('a lead whose row is gone: the equation itself fails, and its request has no lead', async () => {
    const lead = await aLead(pool);
    await pool.query('DELETE FROM leads WHERE id = $1', [lead]);
    const result = await ledger();
    expect(codesOf(result)).toEqual(['lead_missing', 'request_without_lead']);
    expect(result.findings[0]?.ids).toEqual([lead]);
    expect(result.lines.map((line) => [line.received, accountedFor(line)])).toEqual([[1, 0]]);
    expect(result.balanced).toBe(false);
  });

  it('over many pages, counted and named up to five', async () => {
    await owner.query(
      `INSERT INTO inbound_requests (id, tenant_id, source_id, route, verdict, status_code, headers, request_id, correlation_id, body, body_text, body_bytes, body_sha256)
       SELECT ('ffff0000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, 'acme', 'acme/form', '/in', 'accepted', 200, '{}', 'r', gen_random_uuid(), '', '', 0, ''
         FROM generate_series(1, 45000) n`,
    );
    await owner.query(
      `INSERT INTO leads (id, tenant_id, source_id, inbound_request_id, correlation_id, request_id, status, payload)
       SELECT id, tenant_id, source_id, id, id, 'r', 'RECEIVED', '{}' FROM inbound_requests WHERE id > 'ffff0000-0000-7000-8000-000000000000'`,
    );
    const progress: number[] = [];
    const result = await balanceLedger(pool, { since, until: null }, { onProgress: (leads) => progress.push(leads) });
    expect(result.findings).toMatchObject([{ code: 'receipt_missing', sourceId: 'acme/form', count: 45_000 }]);
    expect(result.findings[0]?.ids).toHaveLength(5);
    expect(result.lines).toMatchObject([{ received: 0, in_flight: 45_000 }]);
    expect(progress).toEqual([10_000, 20_000, 30_000, 40_000, 45_000]);
  });
});

describe('leadgate ledger', () => {
  const run = (...words: string[]) =>
    leadgate(['ledger', '--since', new Date(since).toISOString(), ...words], { DATABASE_URL: `${database.url}?pool_timeout=60` });

  it('shows the account of every source and exits 0', async () => {
    await aLead(pool, { status: 'DELIVERED' });
    await aLead(pool, { status: 'KEPT', source: 'form' });
    const { code, said } = await run();
    expect(said).toContain('It adds up.');
    expect(said).toMatch(/source +received = +delivered +rejected +duplicate +held +dead-lettered +in flight +kept +erased +quarantined\n/);
    expect(said).toMatch(/acme\/in +1 +1 +0/);
    expect(said).toMatch(/all +2 +1 +0/);
    expect(code).toBe(0);
    const one = await run('--source', 'acme/form', '--json');
    expect(JSON.parse(one.said)).toMatchObject({ balanced: true, sources: [{ source: 'acme/form', received: 1, kept: 1, difference: 0 }] });
    expect((await run('--tenant', 'other')).said).toContain('Nothing came in');
  });

  it('exits 1, names the leads and says what to do when it does not add up', async () => {
    const lost = await aLead(pool, { status: 'READY', delivery: null });
    const { code, said } = await run();
    expect(code).toBe(1);
    expect(said).toContain('IT DOES NOT ADD UP:');
    expect(said).toContain('1 lead of acme/in (nothing_will_send): each waits for its destination, but none of its deliveries is open.');
    expect(said).toContain(`  ${lost}`);
    expect(said).toContain('→ ');
    expect(JSON.parse((await run('--json')).said)).toMatchObject({
      balanced: false,
      findings: [{ code: 'nothing_will_send', ids: [lost] }],
    });
  });

  it('says which rows are missing on which side', async () => {
    const lead = await aLead(pool);
    await pool.query('DELETE FROM leads WHERE id = $1', [lead]);
    expect((await run()).said).toMatch(/acme\/in +1 .* 1 MISSING/);
  });

  it('refuses a period that ends before it begins', async () => {
    expect(await leadgate(['ledger', '--since', '1h', '--until', '2h'], { DATABASE_URL: database.url })).toMatchObject({ code: 2 });
  });
});
