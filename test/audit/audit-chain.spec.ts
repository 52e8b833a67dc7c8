import pg from 'pg';
import { v7 as uuidv7 } from 'uuid';
import {
  appendAuditEvents,
  AuditChainer,
  type AuditChainerOptions,
  type AuditEventInput,
  type ChainProblem,
  parseExpectedHead,
  verifyAuditChain,
} from '#audit';
import type { LeadId, TenantId } from '#core';
import { createLogger, createPgPool, inTransaction, type Pool } from '#platform';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const silent = createLogger('silent', false);
const SMALL_BATCHES: AuditChainerOptions = { batchRows: 3, batchesPerTurn: 2, pauseMillis: 5, headLogMillis: 0 };

let database: TestDatabase;
let pool: Pool;
let owner: pg.Client;

beforeAll(async () => {
  database = await createTestDatabase();
  pool = createPgPool({ url: database.url, applicationName: 'test', max: 8, acquireTimeoutMs: 60_000 });
  owner = new pg.Client({ connectionString: database.ownerUrl });
  await owner.connect();
});

afterAll(async () => {
  await Promise.all([pool.end(), owner.end()]);
  await database.drop();
});

function anEvent(tenant: string, event: Partial<AuditEventInput> = {}): AuditEventInput {
  return {
    tenantId: tenant as TenantId,
    leadId: uuidv7() as LeadId,
    type: 'lead.status',
    from: 'READY',
    to: 'FAILED',
    actor: 'delivery',
    reason: 'Grüße: "a,b"\n',
    detail: { attempt: 1, big: 2, codes: ['x', 'ß'] },
    ...event,
  };
}

const append = (...events: AuditEventInput[]): Promise<void> => inTransaction(pool, (client) => appendAuditEvents(client, events));

async function chainEverything(options = SMALL_BATCHES): Promise<number> {
  const chainer = new AuditChainer(pool, silent, options);
  let chained = 0;
  for (;;) {
    const run = await chainer.runOnce();
    chained += run.chained;
    if (!run.more) return chained;
  }
}

/** A tenant with a chain of this many events, their ids in the order of the chain. */
async function aChainOf(tenant: string, events: number): Promise<string[]> {
  await append(...Array.from({ length: events }, () => anEvent(tenant)));
  await chainEverything();
  const { rows } = await pool.query<{ event_id: string }>('SELECT event_id FROM audit_chain WHERE tenant_id = $1 ORDER BY seq', [tenant]);
  return rows.map((row) => row.event_id);
}

/** What the owner of the tables can do once he has switched the triggers off: exactly what the chain is there to show. */
async function tamper(statement: string, values: unknown[]): Promise<void> {
  await owner.query('BEGIN');
  for (const table of ['audit_events', 'audit_chain']) await owner.query(`ALTER TABLE ${table} DISABLE TRIGGER USER`);
  await owner.query(statement, values);
  for (const table of ['audit_events', 'audit_chain']) await owner.query(`ALTER TABLE ${table} ENABLE TRIGGER USER`);
  await owner.query('COMMIT');
}

const problemsOf = async (tenant: string): Promise<readonly ChainProblem[]> =>
  (await verifyAuditChain(pool, { tenantId: tenant })).problems;

describe('the chain', () => {
  it('takes every event once, in the order of their ids, in as many batches as it needs', async () => {
    const before = await chainEverything();
    await append(...Array.from({ length: 20 }, () => anEvent('in-order')));
    expect(await chainEverything()).toBe(20);
    expect(await chainEverything()).toBe(0);

    const { rows } = await pool.query<{ seq: string; event_id: string }>(
      `SELECT seq, event_id FROM audit_chain WHERE tenant_id = 'in-order' ORDER BY seq`,
    );
    expect(rows.map((row) => Number(row.seq))).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
    expect(rows.map((row) => row.event_id)).toEqual(rows.map((row) => row.event_id).sort());
    expect(before).toBe(0);
  });

  it('leaves nothing of a transaction that rolls back', async () => {
    const rolledBack = inTransaction(pool, async (client) => {
      await appendAuditEvents(client, [anEvent('rolled-back')]);
      throw new Error('no');
    });
    await expect(rolledBack).rejects.toThrow('no');
    expect(await chainEverything()).toBe(0);
    expect(await verifyAuditChain(pool, { tenantId: 'rolled-back' })).toEqual({ ok: true, tenants: [], problems: [], problemCount: 0 });
  });

  it('takes up an event that commits after younger ones were chained', async () => {
    const late = await pool.connect();
    await late.query('BEGIN');
    await appendAuditEvents(late, [anEvent('late')]);
    await append(anEvent('late'));
    expect(await chainEverything()).toBe(1);
    await late.query('COMMIT');
    late.release();

    expect(await chainEverything()).toBe(1);
    expect(await verifyAuditChain(pool, { tenantId: 'late' })).toMatchObject({ ok: true, tenants: [{ links: 2, waiting: 0 }] });
  });

  it('can be computed with nothing but SQL, as its description says', async () => {
    await append(anEvent('by-hand', { leadId: null, reason: null, detail: { z: 1, a: { b: [1.5, null] } } }), anEvent('by-hand'));
    await chainEverything();
    const field = (sql: string): string => `coalesce(octet_length(${sql}) || ':' || ${sql} || ',', '-,')`;
    const fields = [
      'link.seq::text',
      'event.id::text',
      'event.tenant_id',
      'event.lead_id::text',
      'event.delivery_id::text',
      'event.type',
      'event.from_status',
      'event.to_status',
      'event.actor',
      'event.reason',
      'event.detail::text',
      `to_char(event.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`,
    ];
    const { rows } = await pool.query<{ fits: boolean }>(
      `SELECT link.hash = sha256('leadgate-audit-chain/v1'::bytea || '\\x00'::bytea
                 || coalesce(lag(link.hash) OVER (ORDER BY link.seq), decode(repeat('00', 32), 'hex'))
                 || convert_to(${fields.map(field).join(' || ')}, 'UTF8')) AS fits
         FROM audit_chain link JOIN audit_events event ON event.id = link.event_id WHERE link.tenant_id = 'by-hand'`,
    );
    expect(rows).toEqual([{ fits: true }, { fits: true }]);
  });

  it('stays whole while several processes chain and many transactions append', async () => {
    const chainers = [1, 2, 3].map(() => new AuditChainer(pool, silent, SMALL_BATCHES));
    for (const chainer of chainers) chainer.start();
    await Promise.all(
      Array.from({ length: 60 }, (_, index) => append(anEvent(`busy-${index % 2}`), anEvent('busy-0'), anEvent(`busy-${index % 3}`))),
    );
    // Verifying in the middle sees one moment: what waits is counted, nothing is broken.
    expect(await verifyAuditChain(pool, { tenantId: 'busy-0' })).toMatchObject({ ok: true });
    await Promise.all(chainers.map((chainer) => chainer.stop()));
    await chainEverything();

    const verdict = await verifyAuditChain(pool);
    expect(verdict).toMatchObject({ ok: true, problemCount: 0 });
    const busy = verdict.tenants.filter(({ tenantId }) => tenantId.startsWith('busy-'));
    expect(busy.reduce((sum, tenant) => sum + tenant.links, 0)).toBe(180);
    expect(busy.every(({ waiting }) => waiting === 0)).toBe(true);
  });

  it('passes over an event that is chained already and keeps the evidence of one that is gone', async () => {
    const [chained] = await aChainOf('twice', 2);
    await owner.query(`INSERT INTO audit_unchained VALUES ('twice', $1), ('twice', $2)`, [chained, uuidv7()]);
    await append(anEvent('twice'));
    expect(await chainEverything()).toBe(1);
    expect(await problemsOf('twice')).toMatchObject([{ kind: 'waiting_event_missing' }]);
    await owner.query(`DELETE FROM audit_unchained WHERE tenant_id = 'twice'`);
  });
});

describe('verifying names the event that was', () => {
  it.each<{ what: string; tenant: string; statement: string; problem: Partial<ChainProblem> }>([
    {
      what: 'edited',
      tenant: 'edited',
      statement: `UPDATE audit_events SET actor = 'operator' WHERE id = $1`,
      problem: { kind: 'event_changed', seq: '3' },
    },
    {
      what: 'edited in a nested detail',
      tenant: 'edited-detail',
      statement: `UPDATE audit_events SET detail = jsonb_set(detail, '{codes,0}', '"y"') WHERE id = $1`,
      problem: { kind: 'event_changed', seq: '3' },
    },
    {
      what: 'moved by a microsecond',
      tenant: 'edited-time',
      statement: `UPDATE audit_events SET at = at + interval '1 microsecond' WHERE id = $1`,
      problem: { kind: 'event_changed', seq: '3' },
    },
    {
      what: 'emptied where it was missing',
      tenant: 'edited-null',
      statement: `UPDATE audit_events SET delivery_id = NULL, reason = '' WHERE id = $1`,
      problem: { kind: 'event_changed', seq: '3' },
    },
    {
      what: 'deleted',
      tenant: 'deleted',
      statement: 'DELETE FROM audit_events WHERE id = $1',
      problem: { kind: 'event_missing', seq: '3' },
    },
    {
      what: 'moved to another tenant',
      tenant: 'moved',
      statement: `UPDATE audit_events SET tenant_id = 'somebody-else' WHERE id = $1`,
      problem: { kind: 'event_of_other_tenant', seq: '3' },
    },
    {
      what: 'given another hash',
      tenant: 'rehashed',
      statement: `UPDATE audit_chain SET hash = sha256(hash) WHERE event_id = $1`,
      problem: { kind: 'event_changed', seq: '3' },
    },
  ])('$what', async ({ tenant, statement, problem }) => {
    const ids = await aChainOf(tenant, 5);
    expect(await problemsOf(tenant)).toEqual([]);
    await tamper(statement, [ids[2]]);
    expect((await problemsOf(tenant))[0]).toMatchObject({ ...problem, tenantId: tenant, eventId: ids[2] });
  });

  it('put in the place of another', async () => {
    const ids = await aChainOf('reordered', 5);
    await tamper('UPDATE audit_chain SET event_id = gen_random_uuid() WHERE event_id = $1', [ids[1]]);
    await tamper(`UPDATE audit_chain SET event_id = $1 WHERE tenant_id = 'reordered' AND event_id = $2`, [ids[1], ids[3]]);
    await tamper(`UPDATE audit_chain SET event_id = $1 WHERE tenant_id = 'reordered' AND seq = 2`, [ids[3]]);
    expect(await problemsOf('reordered')).toMatchObject([
      { kind: 'event_changed', seq: '2', eventId: ids[3] },
      { kind: 'event_changed', seq: '4', eventId: ids[1] },
    ]);
  });

  it('inserted past the gateway', async () => {
    await aChainOf('inserted', 3);
    const id = uuidv7();
    await tamper(`INSERT INTO audit_events (id, tenant_id, type, actor) VALUES ($1, 'inserted', 'lead.status', 'pipeline')`, [id]);
    expect(await problemsOf('inserted')).toMatchObject([{ kind: 'event_not_chained', eventId: id, seq: null }]);
  });

  it('taken out of the chain, in its middle', async () => {
    const ids = await aChainOf('unlinked', 5);
    await tamper('DELETE FROM audit_chain WHERE event_id = ANY ($1::uuid[])', [[ids[1], ids[2]]]);
    expect(await problemsOf('unlinked')).toMatchObject([
      { kind: 'link_missing', seq: '2', eventId: null, detail: expect.stringContaining('links 2 to 3 are missing') },
      { kind: 'event_not_chained', eventId: ids[1] },
      { kind: 'event_not_chained', eventId: ids[2] },
    ]);
  });

  it('taken out together with its link: the gap remains', async () => {
    const ids = await aChainOf('cut-out', 5);
    await tamper('DELETE FROM audit_chain WHERE event_id = $1', [ids[0]]);
    await tamper('DELETE FROM audit_events WHERE id = $1', [ids[0]]);
    expect(await problemsOf('cut-out')).toMatchObject([
      { kind: 'link_missing', seq: '1', detail: expect.stringContaining(ids[1] as string) },
    ]);
  });

  it('cut off at the end of the chain', async () => {
    const ids = await aChainOf('tail', 4);
    await tamper('DELETE FROM audit_chain WHERE event_id = $1', [ids[3]]);
    expect(await problemsOf('tail')).toMatchObject([{ kind: 'event_not_chained', eventId: ids[3] }]);
  });

  it('removed before it was chained', async () => {
    await append(anEvent('waiting'));
    const { rows } = await pool.query<{ event_id: string }>(`SELECT event_id FROM audit_unchained WHERE tenant_id = 'waiting'`);
    expect(await problemsOf('waiting')).toEqual([]);
    await tamper('DELETE FROM audit_events WHERE id = $1', [rows[0]?.event_id]);
    expect(await problemsOf('waiting')).toMatchObject([{ kind: 'waiting_event_missing', eventId: rows[0]?.event_id }]);
  });

  it('one of many: every other link is still proven', async () => {
    const ids = await aChainOf('several', 30);
    await tamper(`UPDATE audit_events SET actor = 'operator' WHERE id = ANY ($1::uuid[])`, [[ids[4], ids[20]]]);
    expect((await problemsOf('several')).map(({ seq }) => seq)).toEqual(['5', '21']);
  });
});

describe('a head kept outside the database', () => {
  const headOf = async (tenant: string): Promise<string> => (await verifyAuditChain(pool, { tenantId: tenant })).tenants[0]?.head ?? 'none';

  it('is still in the chain after the chain has grown', async () => {
    await aChainOf('grown', 3);
    const expectedHeads = [parseExpectedHead(await headOf('grown'))];
    await aChainOf('grown', 3);
    expect(await verifyAuditChain(pool, { tenantId: 'grown', expectedHeads })).toMatchObject({ ok: true, tenants: [{ links: 6 }] });
  });

  it('shows a tail of which events and links are gone', async () => {
    const ids = await aChainOf('gone', 3);
    const head = await headOf('gone');
    const hash = head.split(':')[2] as string;
    await tamper('DELETE FROM audit_chain WHERE event_id = $1', [ids[2]]);
    await tamper('DELETE FROM audit_events WHERE id = $1', [ids[2]]);
    expect(await verifyAuditChain(pool, { tenantId: 'gone' })).toMatchObject({ ok: true });
    for (const expected of [parseExpectedHead(head), parseExpectedHead(hash, 'gone')]) {
      const verdict = await verifyAuditChain(pool, { tenantId: 'gone', expectedHeads: [expected] });
      expect(verdict).toMatchObject({ ok: false, problems: [{ kind: 'head_missing', tenantId: 'gone' }] });
    }
  });

  it('shows a chain that is gone altogether', async () => {
    const expectedHeads = [parseExpectedHead(`never-was:1:${'0'.repeat(64)}`)];
    expect((await verifyAuditChain(pool, { tenantId: 'never-was', expectedHeads })).problems).toMatchObject([{ kind: 'head_missing' }]);
  });
});
