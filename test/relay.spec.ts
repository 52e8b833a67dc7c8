import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { pino } from 'pino';
import type { DeliveryId, DestinationId, Job, TenantId } from '#core';
import { DueWork, type JobQueue, Metrics, type OwnLanes, Relay } from '#platform';
import { eventually } from './support/eventually.js';
import { tookAtMost } from './support/took-at-most.js';
import { createTestDatabase, type TestDatabase } from './support/test-database.js';

/** A queue that only writes down what it was told. */
class RecordingQueue implements JobQueue {
  readonly jobs: Job[] = [];
  down = false;
  life = 'one';
  async add(jobs: readonly Job[]): Promise<void> {
    if (this.down) throw new Error('the queue is away');
    this.jobs.push(...jobs);
  }
  async incarnation(): Promise<string> {
    return this.life;
  }
  leadIds(): string[] {
    return this.jobs.flatMap((job) => (job.type === 'process_leads.v1' ? job.leadIds : []));
  }
}

class LanesUnderTest implements OwnLanes {
  readonly taken: [DestinationId, readonly DeliveryId[]][] = [];
  room = true;
  fails = false;
  hasRoom(): boolean {
    return this.room;
  }
  takeDecided(destinationId: DestinationId, ids: readonly DeliveryId[]): void {
    if (this.fails) throw new Error('a fault');
    this.taken.push([destinationId, ids]);
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
    for (const tenant of ['t', 'other']) {
      await pool.query(`insert into tenants (id, name) values ($1, $1)`, [tenant]);
      await pool.query(`insert into sources (id, tenant_id, name, kind, path) values ($1 || '/s', $1, 's', 'json', '/s')`, [tenant]);
    }
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

  interface Lead {
    readonly tenant?: string;
    /** SQL, as is claimedUntil. */
    readonly rungAt?: string;
    readonly claimedUntil?: string;
    readonly crashCount?: number;
    readonly status?: string;
    readonly bulk?: boolean;
  }

  async function leadsOf(count: number, { tenant = 't', rungAt, claimedUntil, crashCount, status, bulk }: Lead): Promise<string[]> {
    const ids = Array.from({ length: count }, () => randomUUID());
    await pool.query(
      `insert into inbound_requests (id, tenant_id, source_id, route, verdict, status_code, headers, request_id, correlation_id, body, body_text, body_bytes, body_sha256)
       select id, $2, $2 || '/s', '/s', 'accepted', 200, '{}', 'r', id, '', '', 0, '' from unnest($1::uuid[]) as id`,
      [ids, tenant],
    );
    await pool.query(
      `insert into leads (id, tenant_id, source_id, inbound_request_id, correlation_id, request_id, payload, status, crash_count, bulk, rung_at, claimed_until)
       select id, $2, $2 || '/s', id, id, 'r', '{}', $3, $4, $5, ${rungAt ?? 'null'}, ${claimedUntil ?? 'null'} from unnest($1::uuid[]) as id`,
      [ids, tenant, status ?? 'RECEIVED', crashCount ?? 0, bulk ?? false],
    );
    return ids;
  }
  const aLead = async (lead: Lead = {}): Promise<string> => (await leadsOf(1, lead))[0] as string;

  const tenantsRung = async (): Promise<Record<string, number>> => {
    const { rows } = await pool.query<{ id: string; n: number }>(
      `select tenant_id as id, count(*)::int as n from leads where rung_at is not null group by 1`,
    );
    return Object.fromEntries(rows.map(({ id, n }) => [id, n]));
  };

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
    await aLead({ claimedUntil: `clock_timestamp() + interval '1 hour'` });
    await aLead({ status: 'REJECTED' });
    await aLead({ rungAt: 'clock_timestamp()' });
    const due = await aLead();
    relay.startPolling({ takesDue: true });
    expect(await rung(1)).toEqual([due]);
  });

  it('rings again what was rung before this process was connected to the queue', async () => {
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

  it('rings again at once when the queue was emptied, although it has jobs again', async () => {
    relay.startPolling({ takesDue: true });
    const first = await aLead();
    await rung(1);
    const lost = await aLead({ rungAt: 'clock_timestamp()' });
    queue.life = 'two';
    expect((await rung(3)).sort()).toEqual([first, first, lost].sort());
  });

  it('leaves a lead that reached a process to it for five seconds, also when the queue was emptied', async () => {
    const { died, lost, rows } = await tookAtMost(5000, async () => {
      await pool.query('truncate leads cascade');
      const [died, lost] = [
        await aLead({ crashCount: 1, rungAt: `clock_timestamp() - interval '6 s'` }),
        await aLead({ rungAt: `clock_timestamp() - interval '1 s'` }),
      ];
      await aLead({ crashCount: 1, rungAt: 'clock_timestamp()' });
      return { died, lost, rows: await new DueWork(pool).takeLeads(0, new Map([['t' as TenantId, 500]])) };
    });
    expect(rows.map(({ id }) => id as string).sort()).toEqual([died, lost].sort());
  });

  it('rings as much of a tenant as it has room for, and takes no place of another', async () => {
    await leadsOf(1200, {});
    await leadsOf(3, { tenant: 'other' });
    relay.startPolling({ takesDue: true });
    await rung(503);
    expect(await tenantsRung()).toEqual({ other: 3, t: 500 });
    expect(relay.reserveLeads('t' as TenantId, 1)).toBe(false);
    expect(relay.reserveLeads('other' as TenantId, 497)).toBe(true);
  });

  it('rings leads that came for many at once after those that have just come', async () => {
    await leadsOf(600, { bulk: true });
    await leadsOf(200, {});
    relay.startPolling({ takesDue: true });
    await rung(500);
    const { rows } = await pool.query('select bulk, count(*)::int as n from leads where rung_at is not null group by 1 order by 1');
    expect(rows).toEqual([
      { bulk: false, n: 200 },
      { bulk: true, n: 300 },
    ]);
  });

  it('promises no ring once it stops', async () => {
    relay.startPolling({ takesDue: true });
    expect(relay.reserveLeads('t' as TenantId, 1)).toBe(true);
    const stopped = relay.stop();
    expect(relay.reserveLeads('t' as TenantId, 1)).toBe(false);
    await stopped;
    expect(relay.reserveDeliveries('t/a' as DestinationId, 1)).toBe(false);
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

  it('rings fifty of those at once, and whoever came since beside them', async () => {
    await leadsOf(60, { crashCount: 1 });
    const fresh = await aLead();
    const due = new DueWork(pool);
    const rooms = new Map([['t' as TenantId, 500]]);
    const rows = await due.takeLeads(60, rooms);
    expect(rows).toHaveLength(51);
    expect(rows).toContainEqual({ id: fresh, tenantId: 't', alone: false });
    expect(await due.takeLeads(60, rooms)).toHaveLength(10);
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
      return rows[0] !== undefined && rows[0].ring_gen >= 1 && rows[0].rung_at === null ? true : undefined;
    });
    queue.down = false;
    expect(await rung(1)).toEqual([id]);
  });

  const LONG_BEFORE_A_LOST_RING = 30;
  const secondsUntilRungAgain = async (): Promise<number> => {
    const { rows } = await pool.query<{ n: number }>('select extract(epoch from rung_at - received_at)::float8 as n from leads');
    return rows[0]?.n ?? Number.NaN;
  };

  it('puts back what the queue did not take also when Postgres does not answer just then', async () => {
    const due = new DueWork(pool);
    const unring = jest.spyOn(due, 'unring').mockRejectedValueOnce(new Error('terminating connection'));
    const other = new Relay(due, new Metrics(), pino({ level: 'silent' }));
    other.useQueue(queue);
    queue.down = true;
    const id = await aLead();
    other.startPolling({ takesDue: true });
    await eventually('it was put back at the second try', async () => (unring.mock.calls.length >= 2 ? true : undefined));
    queue.down = false;
    expect(await rung(1)).toEqual([id]);
    expect(await secondsUntilRungAgain()).toBeLessThan(LONG_BEFORE_A_LOST_RING);
    await other.stop();
  });

  it('rings again five seconds later what was rung before a connection to the queue broke, and once', async () => {
    relay.startPolling({ takesDue: true });
    const lost = await aLead();
    await rung(1);
    relay.suspectRings();
    expect(await rung(2)).toEqual([lost, lost]);
    const seconds = await secondsUntilRungAgain();
    expect(seconds).toBeGreaterThanOrEqual(5);
    expect(seconds).toBeLessThan(LONG_BEFORE_A_LOST_RING);
    const next = await aLead();
    expect(await rung(3)).toEqual([lost, lost, next]);
  });

  it('reserves at most 500 leads of a tenant and 1,000 deliveries of a destination, and none without a queue', () => {
    const [leads, deliveries] = [
      relay.reserveLeads.bind(relay, 't' as TenantId),
      relay.reserveDeliveries.bind(relay, 't/a' as DestinationId),
    ];
    for (const { reserve, limit } of [
      { reserve: leads, limit: 500 },
      { reserve: deliveries, limit: 1000 },
    ]) {
      expect(reserve(limit - 1)).toBe(true);
      expect(reserve(2)).toBe(false);
      expect(reserve(1)).toBe(true);
    }
    expect(relay.reserveLeads('other' as TenantId, 500)).toBe(true);
    expect(relay.reserveDeliveries('t/b' as DestinationId, 1000)).toBe(true);
    relay.useQueue(undefined);
    expect(relay.reserveLeads('third' as TenantId, 1)).toBe(false);
  });

  describe('in a process that delivers', () => {
    const decided = { destination: 't/a' as DestinationId, ids: ['d1' as DeliveryId] };
    const rungDeliveries = () => queue.jobs.flatMap((job) => (job.type === 'deliver_leads.v1' ? job.deliveryIds : []));
    const isRung = (): Promise<unknown> =>
      eventually('it is rung', async () => (rungDeliveries().includes('d1' as DeliveryId) ? true : undefined));

    it('what it decides goes into its own lanes, also without a queue', async () => {
      const lanes = new LanesUnderTest();
      relay.startPolling({ takesDue: true, lanes });
      relay.useQueue(undefined);
      expect(relay.reserveDeliveries(decided.destination, 1)).toBe(true);
      relay.ringDeliveries(decided.destination, decided.ids);
      expect(lanes.taken).toEqual([['t/a', ['d1']]]);
      await relay.stop();
      expect(relay.reserveDeliveries(decided.destination, 1)).toBe(false);
    });

    it('what its lanes have no room for is rung for all', async () => {
      const lanes = new LanesUnderTest();
      lanes.room = false;
      relay.startPolling({ takesDue: true, lanes });
      expect(relay.reserveDeliveries(decided.destination, 1)).toBe(true);
      relay.ringDeliveries(decided.destination, decided.ids);
      await isRung();
      expect(lanes.taken).toEqual([]);
      relay.useQueue(undefined);
      expect(relay.reserveDeliveries(decided.destination, 1)).toBe(false);
    });

    it('what its lanes fail to take is rung, and whoever decided it hears nothing of that', async () => {
      const lanes = new LanesUnderTest();
      lanes.fails = true;
      relay.startPolling({ takesDue: true, lanes });
      relay.ringDeliveries(decided.destination, decided.ids);
      await isRung();
    });
  });

  describe('deliveries, each destination by itself', () => {
    beforeAll(async () => {
      await pool.query(`insert into destinations (id, tenant_id, name, kind) values ('t/a', 't', 'a', 'http'), ('t/b', 't', 'b', 'http')`);
    });
    beforeEach(() => pool.query('delete from breakers'));

    async function deliveriesOf(destination: string, count: number, { bulk = false } = {}): Promise<void> {
      const lead = await aLead({ status: 'READY' });
      await pool.query(
        `insert into deliveries (id, tenant_id, lead_id, destination_id, epoch, idempotency_key, content_type, payload, bulk)
         select gen_random_uuid(), 't', $1, $2, n, 'k' || n, 'application/json', '{}', $4 from generate_series(1, $3) as n`,
        [lead, destination, count, bulk],
      );
    }
    const jobsOf = () => queue.jobs.flatMap((job) => (job.type === 'deliver_leads.v1' ? job.deliveryIds : []));
    const destinationsRung = async (): Promise<Record<string, number>> => {
      const { rows } = await pool.query<{ id: string; n: number }>(
        `select destination_id as id, count(*)::int as n from deliveries where rung_at is not null group by 1`,
      );
      return Object.fromEntries(rows.map(({ id, n }) => [id, n]));
    };

    it('that are due go through the queue also in a process that delivers: any other may take them', async () => {
      const lanes = new LanesUnderTest();
      await deliveriesOf('t/a', 3);
      relay.startPolling({ takesDue: true, lanes });
      await eventually('they are rung', async () => (jobsOf().length >= 3 ? true : undefined));
      expect(lanes.taken).toEqual([]);
    });

    it('a backlog of one takes no place of the other', async () => {
      await deliveriesOf('t/a', 5000);
      await deliveriesOf('t/b', 10);
      relay.startPolling({ takesDue: true });
      await eventually('both are rung', async () => (jobsOf().length >= 1010 ? true : undefined));
      expect(await destinationsRung()).toEqual({ 't/a': 1000, 't/b': 10 });
      expect(relay.reserveDeliveries('t/a' as DestinationId, 1)).toBe(false);
      expect(relay.reserveDeliveries('t/b' as DestinationId, 1)).toBe(true);
    });

    it.each([
      { description: 'is paused', set: `paused_at = clock_timestamp(), pause_reason = 'gone'`, rung: undefined },
      { description: 'asked for quiet', set: `hold_until = clock_timestamp() + interval '1 minute'`, rung: undefined },
      { description: 'fails', set: `state = 'open', probe_at = clock_timestamp() + interval '1 minute'`, rung: undefined },
      {
        description: 'is being probed',
        set: `state = 'half_open', probe_lease_until = clock_timestamp() + interval '1 minute'`,
        rung: undefined,
      },
      { description: 'may be probed', set: `state = 'open', probe_at = clock_timestamp()`, rung: 1 },
      { description: 'asked for quiet until now', set: `hold_until = clock_timestamp()`, rung: 20 },
    ])('one that $description: $rung are rung', async ({ set, rung: expected }) => {
      await pool.query(`insert into breakers (service_id, tenant_id) values ('t/a', 't')`);
      await pool.query(`update breakers set ${set}`);
      await deliveriesOf('t/a', 20);
      await deliveriesOf('t/b', 1);
      relay.startPolling({ takesDue: true });
      // Not only in Postgres: by then the relay knows itself what it took.
      await eventually('the other one is rung', async () => (jobsOf().length >= 1 + (expected ?? 0) ? true : undefined));
      expect((await destinationsRung())['t/a']).toBe(expected);
      expect(relay.reserveDeliveries('t/a' as DestinationId, 1)).toBe(expected === 20);
    });

    it('says in the metrics how fast one may be called that was called too often, and nothing of the others', async () => {
      await pool.query(
        `insert into breakers (service_id, tenant_id, calls_per_second, throttled_at) values ('t/a', 't', 4, clock_timestamp() - interval '1 minute')`,
      );
      const metrics = new Metrics();
      const telling = new Relay(new DueWork(pool), metrics, pino({ level: 'silent' }));
      telling.startPolling({ takesDue: false });
      const paces = async () => (await metrics.destinationPace.get()).values;
      const told = await eventually('a pace is told', async () => {
        const found = await paces();
        return found.length > 0 ? found : undefined;
      });
      expect(told).toEqual([expect.objectContaining({ labels: { destination: 't/a' } })]);
      expect(told[0]?.value).toBeGreaterThanOrEqual(8);
      await pool.query('delete from breakers');
      await eventually('nothing is told any more', async () => ((await paces()).length === 0 ? true : undefined));
      await telling.stop();
    });

    it('what came for many at once is rung after what has just come', async () => {
      await deliveriesOf('t/a', 1500, { bulk: true });
      await deliveriesOf('t/a', 400);
      relay.startPolling({ takesDue: true });
      await eventually('a thousand are rung', async () => (jobsOf().length >= 1000 ? true : undefined));
      const { rows } = await pool.query<{ bulk: boolean; n: number }>(
        'select bulk, count(*)::int as n from deliveries where rung_at is not null group by 1 order by 1',
      );
      expect(rows).toEqual([
        { bulk: false, n: 400 },
        { bulk: true, n: 600 },
      ]);
    });
  });
});
