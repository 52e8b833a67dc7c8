import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { pino } from 'pino';
import type { Job, WorkKind } from '#core';
import { DueWork, type JobQueue, Metrics, Relay } from '#platform';
import { eventually } from './support/eventually.js';
import { createTestDatabase, type TestDatabase } from './support/test-database.js';

/** A queue that only writes down what it was told. */
class RecordingQueue implements JobQueue {
  readonly jobs: Job[] = [];
  down = false;
  empty = false;
  async add(jobs: readonly Job[]): Promise<void> {
    if (this.down) throw new Error('the queue is away');
    this.jobs.push(...jobs);
  }
  async isEmpty(): Promise<boolean> {
    return this.empty;
  }
  leadIds(): string[] {
    return this.jobs.flatMap((job) => (job.type === 'process_leads.v1' ? job.leadIds : []));
  }
}

describe('the relay rings what Postgres says is due', () => {
  let database: TestDatabase;
  let pool: pg.Pool;
  let queue: RecordingQueue;
  let relay: Relay;

  beforeAll(async () => {
    database = await createTestDatabase();
    pool = new pg.Pool({ connectionString: database.ownerUrl, max: 4 });
    await pool.query(`insert into tenants (id, name) values ('t', 'T')`);
    await pool.query(`insert into sources (id, tenant_id, name, kind, path) values ('t/s', 't', 's', 'json', '/s')`);
  });

  afterAll(async () => {
    await pool.end();
    await database.drop();
  });

  beforeEach(async () => {
    await pool.query('truncate leads cascade');
    queue = new RecordingQueue();
    relay = new Relay(new DueWork(pool), new Metrics(), pino({ level: 'silent' }));
    relay.useQueue(queue);
  });

  afterEach(() => relay.stop());

  /** @param values SQL for rung_at, claimed_until and crash_count */
  async function aLead(values: { rungAt?: string; claimedUntil?: string; crashCount?: number; status?: string } = {}): Promise<string> {
    const request = randomUUID();
    const id = randomUUID();
    await pool.query(
      `insert into inbound_requests (id, tenant_id, source_id, route, verdict, status_code, headers, request_id, correlation_id, body, body_text, body_bytes, body_sha256)
       values ($1, 't', 't/s', '/s', 'accepted', 200, '{}', 'r', $1, '', '', 0, '')`,
      [request],
    );
    await pool.query(
      `insert into leads (id, tenant_id, source_id, inbound_request_id, correlation_id, request_id, payload, status, crash_count, rung_at, claimed_until)
       values ($1, 't', 't/s', $2, $2, 'r', '{}', $3, $4, ${values.rungAt ?? 'null'}, ${values.claimedUntil ?? 'null'})`,
      [id, request, values.status ?? 'RECEIVED', values.crashCount ?? 0],
    );
    return id;
  }

  const rung = (count: number): Promise<string[]> =>
    eventually(`${count} leads are rung`, async () => (queue.leadIds().length >= count ? queue.leadIds() : undefined));

  it('rings what nobody rang, oldest first, and marks it', async () => {
    const ids = [await aLead(), await aLead(), await aLead()].sort();
    relay.startPolling({ takesDue: true });
    expect((await rung(3)).sort()).toEqual(ids);
    const { rows } = await pool.query<{ n: number }>('select count(*)::int as n from leads where rung_at is not null');
    expect(rows[0]?.n).toBe(3);
  });

  it('leaves alone what is claimed, ended or freshly rung', async () => {
    await aLead({ claimedUntil: `clock_timestamp() + interval '10 s'` });
    await aLead({ status: 'REJECTED' });
    await aLead({ rungAt: 'clock_timestamp()' });
    const due = await aLead();
    relay.startPolling({ takesDue: true });
    expect(await rung(1)).toEqual([due]);
  });

  it('rings again what was rung seconds ago, soon after the queue was connected', async () => {
    const lost = await aLead({ rungAt: `clock_timestamp() - interval '6 s'` });
    relay.startPolling({ takesDue: true });
    expect(await rung(1)).toEqual([lost]);
  });

  it('rings again what was rung 60 s ago without a result', async () => {
    const first = await aLead();
    relay.startPolling({ takesDue: true });
    await rung(1);
    const lost = await aLead({ rungAt: `clock_timestamp() - interval '61 s'` });
    expect(await rung(2)).toEqual([first, lost]);
  });

  it('rings again within seconds when the queue was emptied', async () => {
    relay.startPolling({ takesDue: true });
    const first = await aLead();
    await rung(1);
    const lost = await aLead({ rungAt: `clock_timestamp() - interval '6 s'` });
    queue.empty = true;
    expect(await rung(2)).toEqual([first, lost]);
  });

  it('promises no ring once it stops', async () => {
    relay.startPolling({ takesDue: true });
    expect(relay.reserve('leads', 1)).toBe(true);
    const stopped = relay.stop();
    expect(relay.reserve('leads', 1)).toBe(false);
    await stopped;
    expect(relay.reserve('deliveries', 1)).toBe(false);
  });

  it('rings a lead that was in a process that died alone', async () => {
    await aLead();
    await aLead();
    const suspect = await aLead({ crashCount: 1 });
    relay.startPolling({ takesDue: true });
    await rung(3);
    expect(queue.jobs.filter((job) => job.type === 'process_leads.v1' && job.leadIds.includes(suspect as never))).toMatchObject([
      { leadIds: [suspect] },
    ]);
  });

  it('two relays ring each row once', async () => {
    const ids = await Promise.all(Array.from({ length: 200 }, () => aLead()));
    const other = new Relay(new DueWork(pool), new Metrics(), pino({ level: 'silent' }));
    other.useQueue(queue);
    relay.startPolling({ takesDue: true });
    other.startPolling({ takesDue: true });
    await rung(ids.length);
    await Promise.all([relay.stop(), other.stop()]);
    expect(queue.leadIds().sort()).toEqual(ids.sort());
  });

  it('puts back what the queue did not take, and rings it when the queue is there again', async () => {
    queue.down = true;
    const id = await aLead();
    relay.startPolling({ takesDue: true });
    await eventually('the ring was tried and taken back', async () => {
      const { rows } = await pool.query<{ ring_gen: number; rung_at: Date | null }>('select ring_gen, rung_at from leads');
      return rows[0]?.ring_gen === 1 && rows[0].rung_at === null ? true : undefined;
    });
    queue.down = false;
    expect(await rung(1)).toEqual([id]);
  });

  it.each<WorkKind>(['leads', 'deliveries'])('reserves at most 5,000 %s, and none without a queue', (kind) => {
    expect(relay.reserve(kind, 4999)).toBe(true);
    expect(relay.reserve(kind, 2)).toBe(false);
    expect(relay.reserve(kind, 1)).toBe(true);
    relay.useQueue(undefined);
    expect(relay.reserve('leads', 1)).toBe(false);
  });
});
