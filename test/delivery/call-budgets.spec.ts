import pg from 'pg';
import type { DestinationId } from '#core';
import type { CallBudget } from '../../libs/delivery/src/call-budgets.port.js';
import { decideShare, type CallShare } from '../../libs/delivery/src/decide-share.js';
import { PgCallBudgets } from '../../libs/delivery/src/pg-call-budgets.js';
import { eventually } from '../support/eventually.js';
import { answers } from '../support/scripted-crm.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { CRM, DeliveryWorld, OTHER_CRM } from './support/delivery-world.js';

/** Nobody's lease ends while a test, on a machine that is slow, asks all of them. */
const LONG_SECONDS = 600;
const LIMITS = { concurrency: 5, concurrencyPerProcess: 32, ratePerSecond: 3 };

describe('the limits of a destination are those of all processes together', () => {
  let database: TestDatabase;
  let pool: pg.Pool;

  beforeAll(async () => {
    database = await createTestDatabase();
    pool = new pg.Pool({ connectionString: database.ownerUrl, max: 4 });
    await pool.query(`insert into tenants (id, name) values ('demo', 'Demo')`);
  });
  beforeEach(async () => {
    await pool.query('delete from call_budgets');
    await pool.query('delete from breakers');
  });
  afterAll(async () => {
    await pool.end();
    await database.drop();
  });

  const budgetOf = async (process: PgCallBudgets, id: DestinationId = CRM): Promise<CallBudget> =>
    (await process.lease([id])).get(id) as CallBudget;
  const shareOf = async (process: PgCallBudgets, id: DestinationId = CRM): Promise<CallShare> =>
    decideShare(LIMITS, await budgetOf(process, id));
  /** Each has said that it calls before any of them hears who else does. */
  async function sharesOf(processes: readonly PgCallBudgets[]): Promise<CallShare[]> {
    await Promise.all(processes.map((process) => process.lease([CRM])));
    return Promise.all(processes.map((process) => shareOf(process)));
  }
  const processes = (count: number): PgCallBudgets[] => Array.from({ length: count }, () => new PgCallBudgets(pool, LONG_SECONDS));
  const concurrencies = (shares: readonly CallShare[]): number[] => shares.map(({ concurrency }) => concurrency).sort((a, b) => b - a);

  it('one alone has all of it', async () => {
    expect(await sharesOf(processes(1))).toEqual([{ concurrency: 5, perSecond: 3 }]);
  });

  it('two share calls at once and calls a second, and what is odd falls to one of them', async () => {
    const shares = await sharesOf(processes(2));
    expect(concurrencies(shares)).toEqual([3, 2]);
    expect(shares.map(({ perSecond }) => perSecond)).toEqual([1.5, 1.5]);
  });

  it('none is left without a call, however many they are', async () => {
    const shares = await sharesOf(processes(7));
    expect(concurrencies(shares)).toEqual([1, 1, 1, 1, 1, 1, 1]);
    expect(shares.reduce((sum, { perSecond }) => sum + (perSecond ?? 0), 0)).toBeCloseTo(3);
  });

  it('each destination is shared by those who call it', async () => {
    const [one, other] = processes(2) as [PgCallBudgets, PgCallBudgets];
    await one.lease([CRM, OTHER_CRM]);
    await other.lease([OTHER_CRM]);
    expect((await budgetOf(one)).processes).toBe(1);
    expect((await budgetOf(one, OTHER_CRM)).processes).toBe(2);
  });

  it('a process that stops gives its share back at once, one that dies when its lease ends', async () => {
    const [one, stopped, dead] = processes(3) as [PgCallBudgets, PgCallBudgets, PgCallBudgets];
    await sharesOf([one, stopped, dead]);
    expect((await budgetOf(one)).processes).toBe(3);
    await stopped.giveUp();
    expect((await budgetOf(one)).processes).toBe(2);
    await new PgCallBudgets(pool).lease([OTHER_CRM]);
    const { rows } = await pool.query<{ s: number }>(
      'select min(extract(epoch from leased_until - clock_timestamp()))::float8 as s from call_budgets',
    );
    expect(rows[0]?.s).toBeLessThanOrEqual(2);
    await pool.query('update call_budgets set leased_until = clock_timestamp()');
    expect(await shareOf(one)).toEqual({ concurrency: 5, perSecond: 3 });
  });

  it('what dead processes left is swept by those who live, and whoever was stopped for long comes back', async () => {
    const [one, asleep] = processes(2) as [PgCallBudgets, PgCallBudgets];
    await sharesOf([one, asleep]);
    await pool.query(`update call_budgets set leased_until = clock_timestamp() - interval '1 hour'`);
    expect((await budgetOf(one)).processes).toBe(1);
    const { rows } = await pool.query('select 1 from call_budgets');
    expect(rows).toHaveLength(1);
    expect((await budgetOf(asleep)).processes).toBe(2);
    await pool.query(`update call_budgets set leased_until = clock_timestamp() - interval '1 hour'`);
    expect((await sharesOf([asleep])).length).toBe(1);
  });

  it('what is left after 429 is shared too', async () => {
    await pool.query(
      `insert into breakers (service_id, tenant_id, calls_per_second, throttled_at) values ($1, 'demo', 2, clock_timestamp() + interval '1 hour')`,
      [CRM],
    );
    const shares = await sharesOf(processes(4));
    expect(shares.map(({ perSecond }) => perSecond)).toEqual([0.5, 0.5, 0.5, 0.5]);
  });
});

describe('a process that delivers', () => {
  let world: DeliveryWorld;
  beforeEach(async () => {
    world = await DeliveryWorld.create();
  });
  afterEach(() => world.close());

  /** Until the living process has renewed what it leased. */
  async function renewed(): Promise<void> {
    const { rows } = await world.sql.query(`select process_id, leased_until from call_budgets where leased_until <> 'infinity'`);
    await eventually('the lease is renewed', async () => {
      const { rows: now } = await world.sql.query(
        `select from call_budgets join json_to_recordset($1) as before (process_id uuid, leased_until timestamptz) using (process_id)
          where call_budgets.leased_until > before.leased_until`,
        [JSON.stringify(rows)],
      );
      return now.length === 1 ? true : undefined;
    });
  }

  it('makes as many calls at once as its share allows, and takes over the share of a process that died', async () => {
    world.configure({ concurrency: 3, timeout_seconds: 30 });
    await world.sql.query(
      `insert into call_budgets (service_id, process_id, leased_until) values ($1, 'ffffffff-ffff-7fff-bfff-ffffffffffff', 'infinity')`,
      [CRM],
    );
    const worker = world.aWorker();
    world.crm.always(answers.never());
    const deliveries = await Promise.all(Array.from({ length: 6 }, () => world.aDelivery()));
    await worker.deliver.take(deliveries.map(({ id }) => id));
    await world.crm.received(2);
    // Twice: what the first renewal allows has begun before the second.
    await renewed();
    await renewed();
    expect(world.crm.requests).toHaveLength(2);
    await world.sql.query('update call_budgets set leased_until = clock_timestamp() where leased_until = $1', ['infinity']);
    await world.crm.received(3);
    await worker.deliver.stop({ deadlineSeconds: 0 });
    expect(world.crm.requests).toHaveLength(3);
    const { rows } = await world.sql.query('select 1 from call_budgets where leased_until > clock_timestamp()');
    expect(rows).toEqual([]);
  });
});
