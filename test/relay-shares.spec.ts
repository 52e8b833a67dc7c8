import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { pino } from 'pino';
import { type DestinationId, Doorbell, type Job, type LeadId, type TenantId } from '#core';
import { DueWork, type JobQueue, Metrics, Relay } from '#platform';
import { eventually, within } from './support/eventually.js';
import { createTestDatabase, type TestDatabase } from './support/test-database.js';

const MANY = 60;
/** What all leads together may have in the queue, and all deliveries. */
const [ALL_LEADS, ALL_DELIVERIES] = [2000, 8000];

/** First in, first out. */
class OneByOne implements JobQueue {
  readonly jobs: Job[] = [];
  /** Told in the turn in which the jobs come: the relay has not looked into Postgres again since it took what they are about. */
  heard: () => void = () => {};
  async add(jobs: readonly Job[]): Promise<void> {
    this.jobs.push(...jobs);
    this.heard();
  }
  async incarnation(): Promise<string> {
    return 'one';
  }
}

describe('while many send more than is worked off', () => {
  let database: TestDatabase;
  let pool: pg.Pool;
  let queue: OneByOne;
  let relay: Relay;

  beforeAll(async () => {
    database = await createTestDatabase();
    pool = new pg.Pool({ connectionString: database.ownerUrl, max: 4 });
    await pool.query(
      `insert into tenants (id, name) select 't' || n, 'T' from generate_series(1, $1::int) as n union all values ('quiet', 'Q'), ('zest', 'Z')`,
      [MANY],
    );
    await pool.query(`insert into sources (id, tenant_id, name, kind, path) select id || '/s', id, 's', 'json', '/' || id from tenants`);
  });

  afterAll(async () => {
    await pool.end();
    await database.drop();
  });

  beforeEach(async () => {
    await pool.query('truncate leads cascade');
    queue = new OneByOne();
    relay = new Relay(new DueWork(pool), new Metrics(), pino({ level: 'silent' }));
    relay.useQueue(queue);
  });

  afterEach(() => relay.stop());

  /** @param tenant SQL over n, the number of the lead; rungAt is SQL, too */
  async function leadsOf(tenant: string, count: number, { status = 'RECEIVED', rungAt = 'null' } = {}): Promise<LeadId[]> {
    const request = randomUUID();
    await pool.query(
      `insert into inbound_requests (id, tenant_id, source_id, route, verdict, status_code, headers, request_id, correlation_id, body, body_text, body_bytes, body_sha256)
       values ($1, 't1', 't1/s', '/s', 'accepted', 200, '{}', 'r', $1, '', '', 0, '')`,
      [request],
    );
    const { rows } = await pool.query<{ id: LeadId }>(
      `insert into leads (id, tenant_id, source_id, inbound_request_id, item_no, correlation_id, request_id, payload, status, rung_at)
       select gen_random_uuid(), tenant, tenant || '/s', $1, n, $1, 'r', '{}', $3, ${rungAt}
         from generate_series(1, $2::int) as n cross join lateral (select ${tenant} as tenant) as its returning id`,
      [request, count, status],
    );
    return rows.map(({ id }) => id);
  }
  const flood = (each: number): Promise<LeadId[]> => leadsOf(`'t' || 1 + n % ${MANY}`, MANY * each);

  const rungOf = async (table: 'leads' | 'deliveries', whose: string): Promise<number[]> => {
    const { rows } = await pool.query<{ n: number }>(
      `select count(*)::int as n from ${table} where rung_at is not null group by ${whose} order by ${whose}`,
    );
    return rows.map(({ n }) => n);
  };
  const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);

  /** Decides the oldest job. @returns its leads */
  async function decideNext(): Promise<readonly LeadId[]> {
    const job = await eventually('a job is in the queue', () => Promise.resolve(queue.jobs.shift()));
    const ids = job.type === 'process_leads.v1' ? job.leadIds : [];
    await pool.query(`update leads set status = 'KEPT', rung_at = null where id = any($1::uuid[])`, [ids]);
    return ids;
  }

  it('a lead of a quiet tenant is decided after at most as many as all may have in the queue, and in the end all are', async () => {
    const others = await flood(200);
    relay.startPolling({ takesDue: true });
    await eventually('everybody has leads in the queue', async () =>
      (await rungOf('leads', 'tenant_id')).length === MANY && queue.jobs.length > 0 ? true : undefined,
    );
    // The quiet one's lead comes while the queue is full, in a process that rings what it commits.
    const doorbell: Doorbell = relay;
    expect(doorbell.reserveLeads('quiet' as TenantId, 1)).toBe(true);
    const [lead = '' as LeadId] = await leadsOf(`'quiet'`, 1, { rungAt: 'clock_timestamp()' });
    doorbell.ringLeads([lead]);

    let [before, decided] = [0, 0];
    while (decided < others.length + 1) {
      const ids = await decideNext();
      if (ids.includes(lead)) before = decided + ids.indexOf(lead);
      decided += ids.length;
    }
    expect(before).toBeGreaterThan(0);
    expect(before).toBeLessThanOrEqual(ALL_LEADS);
    expect(queue.jobs).toEqual([]);
  });

  it('one that waits beside them has as much as each of them, and nobody has more than that', async () => {
    await flood(200);
    await leadsOf(`'quiet'`, 200);
    relay.startPolling({ takesDue: true });
    const each = Math.floor(ALL_LEADS / (MANY + 2));
    const all = each * (MANY + 1);
    await eventually('everybody has the same', async () => (sum(await rungOf('leads', 'tenant_id')) >= all ? true : undefined));
    // By another poll, which gives nobody more.
    await leadsOf(`'zest'`, 1);
    await eventually('one more is rung', async () => (sum(await rungOf('leads', 'tenant_id')) > all ? true : undefined));
    expect(await rungOf('leads', 'tenant_id')).toEqual([...Array.from({ length: MANY + 1 }, () => each), 1]);
    expect(relay.reserveLeads('t1' as TenantId, 1)).toBe(false);
  });

  it('those who have nothing waiting take nothing of what one may have who sends more', async () => {
    await leadsOf(`'t' || 1 + n % ${MANY - 1}`, MANY - 1);
    await leadsOf(`'quiet'`, 700);
    relay.startPolling({ takesDue: true });
    await eventually('it has five hundred', async () => (sum(await rungOf('leads', 'tenant_id')) === 500 + MANY - 1 ? true : undefined));
    expect(await rungOf('leads', `tenant_id = 'quiet'`)).toEqual([MANY - 1, 500]);
  });

  describe('deliveries', () => {
    beforeAll(async () => {
      await pool.query(
        `insert into destinations (id, tenant_id, name, kind) select 't1/d' || n, 't1', 'd' || n, 'http' from generate_series(0, $1::int) as n`,
        [MANY],
      );
    });

    async function deliveriesOf(count: number, destination: string): Promise<void> {
      const [lead] = await leadsOf(`'t1'`, 1, { status: 'READY' });
      await pool.query(
        `insert into deliveries (id, tenant_id, lead_id, destination_id, epoch, idempotency_key, content_type, payload)
         select gen_random_uuid(), 't1', $1, ${destination}, n, 'k' || n, 'application/json', '{}' from generate_series(1, $2::int) as n`,
        [lead, count],
      );
    }

    const rungHere = (): number => new Set(queue.jobs.flatMap((job) => (job.type === 'deliver_leads.v1' ? job.deliveryIds : []))).size;

    it('stand in the queue in equal parts of what all may have there, and a quiet destination has its own', async () => {
      await deliveriesOf(300 * MANY, `'t1/d' || 1 + n % ${MANY}`);
      const each = Math.floor(ALL_DELIVERIES / (MANY + 1));
      const everybodyHasTheSame = new Promise<void>((resolve) => {
        queue.heard = () => {
          if (rungHere() >= each * MANY) resolve();
        };
      });
      relay.startPolling({ takesDue: true });
      await within('everybody has the same', everybodyHasTheSame);
      // As the relay itself counts what it took: those of its last look were given their room by that same look.
      const theirs = Array.from({ length: MANY }, (_, n) => `t1/d${n + 1}` as DestinationId);
      expect(theirs.some((id) => relay.reserveDeliveries(id, 1))).toBe(false);
      expect(relay.reserveDeliveries('t1/d0' as DestinationId, each)).toBe(true);
      expect(await rungOf('deliveries', 'destination_id')).toEqual(Array.from({ length: MANY }, () => each));
    });

    it('of destinations that take no calls count for nothing', async () => {
      await deliveriesOf(300 * MANY, `'t1/d' || 1 + n % ${MANY}`);
      await deliveriesOf(1500, `'t1/d0'`);
      await pool.query(
        `insert into breakers (service_id, tenant_id, paused_at, pause_reason)
         select id, 't1', clock_timestamp(), 'gone' from destinations where id <> 't1/d0'`,
      );
      relay.startPolling({ takesDue: true });
      await eventually('the one that takes them has a thousand', async () =>
        sum(await rungOf('deliveries', 'destination_id')) >= 1000 ? true : undefined,
      );
      expect(await rungOf('deliveries', 'destination_id')).toEqual([1000]);
    });
  });
});
