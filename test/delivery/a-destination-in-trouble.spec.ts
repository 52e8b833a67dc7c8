import { randomUUID } from 'node:crypto';
import type { DeliveryId } from '#core';
import { PgTendServices } from '../../libs/delivery/src/services/pg-tend-services.js';
import { eventually } from '../support/eventually.js';
import { expectAhead } from '../support/expect-ahead.js';
import { answers } from '../support/scripted-crm.js';
import { CRM, DeliveryWorld, type Worker } from './support/delivery-world.js';

let world: DeliveryWorld;
let one: Worker;
let other: Worker;

beforeAll(async () => {
  world = await DeliveryWorld.create();
  one = world.aWorker();
  other = world.aWorker();
});
beforeEach(async () => {
  world.configure({ breaker: {}, answers: 'standard' });
  world.crm.always(answers.created());
  world.crm.requests.splice(0);
  await world.sql.query('delete from breakers');
  await world.sql.query('delete from operator_events');
});
afterAll(() => world.close());

interface ServiceRow {
  readonly state: string;
  readonly failures: number;
  readonly probe_in_s: number | null;
  readonly hold_in_s: number | null;
  readonly pause_reason: string | null;
  readonly calls_per_second: number | null;
}

async function service(): Promise<ServiceRow | undefined> {
  const { rows } = await world.sql.query<ServiceRow>(
    `select state, failures, extract(epoch from probe_at - clock_timestamp())::float8 as probe_in_s,
            extract(epoch from hold_until - clock_timestamp())::float8 as hold_in_s, pause_reason, calls_per_second
       from breakers where service_id = $1`,
    [CRM],
  );
  return rows[0];
}
async function told(): Promise<string[]> {
  const { rows } = await world.sql.query<{ type: string }>('select type from operator_events where subject = $1 order by id', [CRM]);
  return rows.map(({ type }) => type);
}
const aDelivery = async (): Promise<DeliveryId> => (await world.aDelivery()).id;
const deliveries = (count: number): Promise<DeliveryId[]> => Promise.all(Array.from({ length: count }, aDelivery));
const probeIsDue = () => world.sql.query('update breakers set probe_at = clock_timestamp()');
const attemptNos = async (ids: readonly DeliveryId[]): Promise<number[]> =>
  (await Promise.all(ids.map((id) => world.delivery(id)))).map(({ attempt_no }) => attempt_no);

/** Leads that fail, one after the other: five of them open the breaker. */
async function fail(count: number): Promise<void> {
  for (const id of await deliveries(count)) {
    world.crm.next(answers.status(500));
    await one.deliver.run([id]);
  }
}

describe.each(['plain', 'standard'] as const)('a destination with %s answers that fails', (style) => {
  beforeEach(() => world.configure({ breaker: {}, answers: style }));

  it('is called no more after five leads in a row; the others wait without an attempt, in every process', async () => {
    await fail(4);
    expect(await service()).toMatchObject({ state: 'closed', failures: 4 });
    const began = performance.now();
    await fail(1);
    expect(await service()).toMatchObject({ state: 'open', failures: 5 });
    expectAhead((await service())?.probe_in_s, 300, began);
    world.crm.requests.splice(0);
    const waiting = await deliveries(40);
    await Promise.all([one.deliver.run(waiting.slice(0, 20)), other.deliver.run(waiting.slice(20))]);
    expect(world.crm.requests).toHaveLength(0);
    expect(new Set(await attemptNos(waiting))).toEqual(new Set([0]));
    const { rows } = await world.sql.query('select 1 from deliveries where id = any($1) and rung_at is not null', [waiting]);
    expect(rows).toEqual([]);
    expect(await told()).toEqual(['breaker.opened']);
  });

  it('is not given up for one lead that fails again and again', async () => {
    const id = await aDelivery();
    for (let attempt = 1; attempt <= 6; attempt += 1) {
      world.crm.next(answers.status(500));
      await world.makeDue(id);
      await one.deliver.run([id]);
    }
    expect(await world.delivery(id)).toMatchObject({ status: 'PERMANENTLY_FAILED', attempt_no: 6 });
    expect(await service()).toMatchObject({ state: 'closed', failures: 1 });
  });

  it('has failures forgotten by the next success, and no row written for the one after it', async () => {
    await fail(4);
    await one.deliver.run([await aDelivery()]);
    expect(await service()).toMatchObject({ state: 'closed', failures: 0 });
    const version = async () => (await world.sql.query<{ xmin: string }>('select xmin::text from breakers')).rows[0]?.xmin;
    const before = await version();
    await one.deliver.run(await deliveries(10));
    expect(await version()).toBe(before);
  });

  it('takes a refused lead for a sign of life', async () => {
    await fail(4);
    world.crm.next(answers.status(422));
    await one.deliver.run([await aDelivery()]);
    await fail(4);
    expect(await service()).toMatchObject({ state: 'closed', failures: 4 });
  });

  it('lets one call of all processes find out, and goes on when that one is taken', async () => {
    await fail(5);
    await probeIsDue();
    world.crm.requests.splice(0);
    const waiting = await deliveries(30);
    let letGo = (): void => {};
    world.crm.always((socket, request) => {
      letGo = () => answers.created()(socket, request);
    });
    const jobs = [one.deliver.run(waiting.slice(0, 15)), other.deliver.run(waiting.slice(15))];
    await world.crm.received(1);
    expect(await service()).toMatchObject({ state: 'half_open' });
    // Whoever asks while it is under way is sent back.
    await other.deliver.run(await deliveries(5));
    // Who asked after the probe ended would be sent: all the others asked before.
    await eventually('all but the probe were sent back', async () => {
      const { rows } = await world.sql.query('select 1 from deliveries where id = any($1) and rung_at is null', [waiting]);
      return rows.length === 29 ? true : undefined;
    });
    expect(world.crm.requests).toHaveLength(1);
    world.crm.always(answers.created());
    letGo();
    await Promise.all(jobs);
    expect(world.crm.requests).toHaveLength(1);
    expect(await service()).toMatchObject({ state: 'closed', failures: 0 });
    expect(await told()).toEqual(['breaker.opened', 'breaker.closed']);
  });

  it('is left alone for as long again when that one fails, and nobody is told twice', async () => {
    await fail(5);
    await probeIsDue();
    world.crm.requests.splice(0);
    world.crm.always(answers.status(503));
    const waiting = await deliveries(10);
    await one.deliver.run(waiting);
    expect(world.crm.requests).toHaveLength(1);
    expect(await service()).toMatchObject({ state: 'open', failures: 6 });
    expect((await attemptNos(waiting)).reduce((sum, n) => sum + n, 0)).toBe(1);
    expect(await told()).toEqual(['breaker.opened']);
  });

  it('is probed by another call when the process of the first is gone', async () => {
    await fail(5);
    await world.sql.query(`update breakers set state = 'half_open', probe_lease_until = clock_timestamp()`);
    await one.deliver.run(await deliveries(3));
    expect(await service()).toMatchObject({ state: 'closed' });
  });

  it('is called on and on where the breaker is switched off', async () => {
    world.configure({ breaker: { off: true }, answers: style });
    await fail(7);
    expect(await service()).toBeUndefined();
    await one.deliver.run([await aDelivery()]);
    expect(world.crm.requests).toHaveLength(8);
  });
});

it('a breaker opens after as many failures as are configured, and is probed when it is configured', async () => {
  world.configure({ breaker: { failures: 2, probe_multiple: 1 } });
  const began = performance.now();
  await fail(2);
  expect(await service()).toMatchObject({ state: 'open', failures: 2 });
  expectAhead((await service())?.probe_in_s, 30, began);
});

describe('a destination that asks for quiet', () => {
  it.each([
    { status: 429, header: '120', seconds: 120 },
    { status: 503, header: '70', seconds: 70 },
    { status: 429, header: '1000000000', seconds: 3600 },
  ])('$status with Retry-After $header is left alone for $seconds s, by all', async ({ status, header, seconds }) => {
    world.crm.next(answers.status(status, { headers: { 'retry-after': header } }));
    const began = performance.now();
    await one.deliver.run([await aDelivery()]);
    expectAhead((await service())?.hold_in_s, seconds, began);
    const waiting = await deliveries(10);
    await Promise.all([one.deliver.run(waiting.slice(5)), other.deliver.run(waiting.slice(0, 5))]);
    expect(world.crm.requests).toHaveLength(1);
    expect(new Set(await attemptNos(waiting))).toEqual(new Set([0]));
    await world.sql.query('update breakers set hold_until = clock_timestamp()');
    await other.deliver.run([waiting[0] as DeliveryId]);
    expect(world.crm.requests).toHaveLength(2);
  });

  it('is not taken for one that fails: the hold is its protection', async () => {
    for (const id of await deliveries(6)) {
      world.crm.next(answers.status(503, { headers: { 'retry-after': '5' } }));
      await one.deliver.run([id]);
      await world.sql.query('update breakers set hold_until = clock_timestamp()');
    }
    expect(await service()).toMatchObject({ state: 'closed', failures: 0 });
  });

  it('is called more slowly after 429', async () => {
    await world.sql.query(
      `insert into breakers (service_id, tenant_id, calls_per_second, throttled_at) values ($1, 'demo', 10, clock_timestamp() - interval '5 seconds')`,
      [CRM],
    );
    world.crm.always(answers.status(429));
    await one.deliver.run(await deliveries(8));
    const { calls_per_second: pace } = (await service()) as ServiceRow;
    expect(pace).toBeGreaterThan(0);
    expect(pace).toBeLessThan(10);
  });

  it('with plain answers only the lead waits', async () => {
    world.configure({ breaker: {}, answers: 'plain' });
    world.crm.next(answers.status(429, { headers: { 'retry-after': '120' } }));
    await one.deliver.run([await aDelivery()]);
    expect(await service()).toMatchObject({ hold_in_s: null, calls_per_second: null, failures: 1 });
    await one.deliver.run(await deliveries(3));
    expect(world.crm.requests).toHaveLength(4);
  });
});

describe('a destination that refuses us', () => {
  it.each([401, 403, 407])('%i pauses it: its leads wait with no attempt counted, one operator event is written', async (status) => {
    world.crm.always(answers.status(status));
    const first = await deliveries(12);
    await Promise.all([one.deliver.run(first.slice(0, 6)), other.deliver.run(first.slice(6))]);
    expect(await service()).toMatchObject({ pause_reason: 'destination_refuses_us', state: 'closed', failures: 0 });
    expect(await told()).toEqual(['destination.paused']);
    const calls = world.crm.requests.length;
    await one.deliver.run(await deliveries(4));
    expect(world.crm.requests).toHaveLength(calls);
    const { rows } = await world.sql.query<{ status: string; counted: number }>(
      'select distinct status, attempt_no - attempts_before as counted from deliveries where id = any($1)',
      [first],
    );
    for (const row of rows) expect(row).toMatchObject({ counted: 0 });
    expect(rows.map(({ status: found }) => found).every((found) => found === 'PENDING' || found === 'RETRYING')).toBe(true);
  });

  it('410 pauses it as gone and fails the lead for good', async () => {
    const id = await aDelivery();
    world.crm.next(answers.status(410));
    await one.deliver.run([id]);
    expect(await world.delivery(id)).toMatchObject({ status: 'PERMANENTLY_FAILED', last_error: 'Client error: 410' });
    expect(await service()).toMatchObject({ pause_reason: 'gone' });
  });

  it('three leads in a row that find nobody there pause it as misconfigured', async () => {
    const ids = await deliveries(5);
    const answersInTurn = [404, 302, 422, 404, 302];
    for (const [n, id] of ids.entries()) {
      const status = answersInTurn[n] as number;
      world.crm.next(status === 302 ? answers.redirect('http://169.254.169.254/') : answers.status(status));
      await one.deliver.run([id]);
    }
    expect(await service()).toMatchObject({ pause_reason: null });
    world.crm.next(answers.status(404));
    await one.deliver.run([await aDelivery()]);
    expect(await service()).toMatchObject({ pause_reason: 'misconfigured' });
  });

  it('with plain answers nothing is paused', async () => {
    world.configure({ breaker: {}, answers: 'plain' });
    world.crm.always(answers.status(401));
    await one.deliver.run(await deliveries(8));
    expect(world.crm.requests).toHaveLength(8);
    expect(await service()).toBeUndefined();
  });

  it('goes on when the configuration has another object for it, not when something else changed', async () => {
    const version = async (n: number, content: object): Promise<string> => {
      const id = randomUUID();
      await world.sql.query('update config_versions set active = false');
      await world.sql.query(
        `insert into config_versions (id, tenant_id, version, ruleset_version, policy_version, content, content_sha256, origin, active)
         values ($1::uuid, 'demo', $2, 1, 1, $3, 'sha' || $2::int, 'test', true)`,
        [id, n, JSON.stringify(content)],
      );
      return id;
    };
    const crm = { name: 'crm', url: 'https://crm.example.com' };
    await version(1, { destinations: [crm] });
    world.crm.next(answers.status(401));
    await one.deliver.run([await aDelivery()]);
    expect(await service()).toMatchObject({ pause_reason: 'destination_refuses_us' });
    const records = new PgTendServices(one.pool);
    await version(2, { destinations: [crm], rules: [] });
    await records.resumeChanged();
    expect(await service()).toMatchObject({ pause_reason: 'destination_refuses_us' });
    await version(3, { destinations: [{ ...crm, url: 'https://crm.example.com/v2' }] });
    await Promise.all([records.resumeChanged(), new PgTendServices(other.pool).resumeChanged()]);
    expect(await service()).toMatchObject({ pause_reason: null });
    expect(await told()).toEqual(['destination.paused', 'destination.resumed']);
  });
});

describe('what says nothing about a destination', () => {
  it('a connection to Postgres that breaks while it is asked whether a call may go out: no attempt, no failure', async () => {
    await fail(4);
    const worker = world.aWorker();
    const ids = await deliveries(3);
    const before = world.crm.requests.length;
    const blocker = await world.sql.connect();
    await blocker.query('begin');
    await blocker.query('select 1 from deliveries where id = any($1) for update', [ids]);
    const job = worker.deliver.run(ids);
    const outcome = job.then(
      () => 'resolved',
      () => 'rejected',
    );
    // As the gateway's own role: another one does not see what its connections wait for.
    await eventually('the claim that waits for the rows was ended', async () => {
      const { rowCount } = await other.pool.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
          where datname = current_database() and wait_event_type = 'Lock' and pid <> pg_backend_pid() and query like '%with locked as%'`,
      );
      return (rowCount ?? 0) > 0 ? true : undefined;
    });
    // What is given back waits for the rows, too.
    await blocker.query('rollback');
    blocker.release();
    expect(await outcome).toBe('rejected');
    expect(world.crm.requests).toHaveLength(before);
    expect(await attemptNos(ids)).toEqual([0, 0, 0]);
    expect(await service()).toMatchObject({ state: 'closed', failures: 4 });
    await worker.deliver.run(ids);
    expect(await attemptNos(ids)).toEqual([1, 1, 1]);
  });

  it('calls that we broke off open nothing', async () => {
    const worker = world.aWorker();
    world.crm.always(answers.never());
    const jobs = worker.deliver.run(await deliveries(8));
    await world.crm.received(8);
    await Promise.all([worker.deliver.stop({ deadlineSeconds: 0 }), jobs]);
    expect(await service()).toBeUndefined();
  });
});
