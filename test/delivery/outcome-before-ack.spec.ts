import pg from 'pg';
import { PgAttemptLedger } from '../../libs/delivery/src/pg-attempt-ledger.js';
import { PgDueDeliveries } from '../../libs/delivery/src/pg-due-deliveries.js';
import { answers, type Answer } from '../support/scripted-crm.js';
import { DeliveryWorld, type Worker } from './support/delivery-world.js';

let world: DeliveryWorld;
let worker: Worker;
let killer: pg.Client;

beforeAll(async () => {
  world = await DeliveryWorld.create();
  worker = world.aWorker();
  killer = new pg.Client({ connectionString: world.appUrl });
  await killer.connect();
});
afterAll(async () => {
  await killer.end();
  await world.close();
});

/** Ends connections of the worker's pool, as a failover does. @returns how many */
async function endConnections(which = 'true'): Promise<number> {
  const { rowCount } = await killer.query(
    `select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and usename = current_user and pid <> pg_backend_pid() and ${which}`,
  );
  return rowCount ?? 0;
}

/** An answer that comes after the given work. */
const after =
  (work: () => Promise<unknown>, answer: Answer): Answer =>
  (socket, request) => {
    void work().then(() => answer(socket, request));
  };

describe('what is known is committed before anyone is told', () => {
  it('the attempt is on disk before the first byte leaves', async () => {
    const { id } = await world.aDelivery();
    let seen: unknown;
    const look = async (): Promise<void> => {
      seen = { delivery: await world.delivery(id), attempts: await world.attempts(id) };
    };
    world.crm.next(after(look, answers.created()));
    await worker.deliver.run([id]);
    expect(seen).toMatchObject({
      delivery: { status: 'SENDING', attempt_no: 1 },
      attempts: [{ attempt_no: 1, sent_state: 'unknown', outcome: null, finished: false }],
    });
  });

  it('the lease of a claim is 60 s', async () => {
    const { id } = await world.aDelivery();
    let lease = 0;
    const look = async (): Promise<void> => {
      const { rows } = await world.sql.query<{ s: number }>(
        'select extract(epoch from lease_until - clock_timestamp())::float8 as s from deliveries where id = $1',
        [id],
      );
      lease = rows[0]?.s ?? 0;
    };
    world.crm.next(after(look, answers.created()));
    const began = performance.now();
    await worker.deliver.run([id]);
    expect(lease).toBeLessThanOrEqual(60);
    expect(lease).toBeGreaterThan(60 - (performance.now() - began) / 1000);
  });

  it('the job is not done before the outcome is in the table', async () => {
    const { leadId, id } = await world.aDelivery();
    await worker.deliver.run([id]);
    expect(await world.delivery(id)).toMatchObject({ status: 'DELIVERED' });
    expect(await world.lead(leadId)).toMatchObject({ status: 'DELIVERED' });
  });

  it('a connection lost while the answer came costs nothing: the outcome is written over another one', async () => {
    const deliveries = await Promise.all(Array.from({ length: 10 }, () => world.aDelivery()));
    world.crm.requests.splice(0);
    world.crm.next(after(() => endConnections(), answers.created()));
    await worker.deliver.run(deliveries.map(({ id }) => id));
    for (const { id } of deliveries) expect(await world.delivery(id)).toMatchObject({ status: 'DELIVERED', attempt_no: 1 });
    expect(world.crm.requests).toHaveLength(10);
  });

  it.each([
    { what: 'looked at', breaks: (error: Error) => jest.spyOn(PgDueDeliveries.prototype, 'look').mockRejectedValueOnce(error) },
    { what: 'claimed', breaks: (error: Error) => jest.spyOn(PgAttemptLedger.prototype, 'open').mockRejectedValueOnce(error) },
  ])('a delivery that could not be $what is due again after a second, also when the next connection breaks too', async ({ breaks }) => {
    const { id } = await world.aDelivery();
    const lost = (): Error => Object.assign(new Error('terminating connection'), { code: '57P01' });
    breaks(lost());
    jest.spyOn(PgDueDeliveries.prototype, 'unring').mockRejectedValueOnce(lost());
    await expect(worker.deliver.run([id])).rejects.toThrow('terminating connection');
    // Not a minute later, when its ring would count as lost.
    expect(await world.delivery(id)).toMatchObject({ status: 'PENDING', attempt_no: 0, rung_at: null });
    await worker.deliver.run([id]);
    expect(await world.delivery(id)).toMatchObject({ status: 'DELIVERED', attempt_no: 1 });
  });

  it('while Postgres takes no outcome, the outcome waits and is not forgotten', async () => {
    const { leadId, id } = await world.aDelivery();
    const blocker = await world.sql.connect();
    await blocker.query('begin');
    const block = () => blocker.query('select 1 from leads where id = $1 for update', [leadId]);
    world.crm.next(after(block, answers.created()));
    world.crm.requests.splice(0);
    const job = worker.deliver.run([id]);
    await world.crm.received(1);
    // The closing transaction waits for the lead's row; ending its connection makes it try again, and again.
    for (let ended = 0; ended < 2;) {
      ended += await endConnections(`wait_event_type = 'Lock'`);
    }
    expect((await world.delivery(id)).status).toBe('SENDING');
    await blocker.query('rollback');
    blocker.release();
    await job;
    expect(await world.delivery(id)).toMatchObject({ status: 'DELIVERED', attempt_no: 1 });
    expect(world.crm.requests).toHaveLength(1);
  });

  it('a statement that Postgres refuses is not repeated until the lease ends: it is told with its code', async () => {
    const { id } = await world.aDelivery();
    await world.sql.query('alter table delivery_attempts rename column decided_by to decided_otherwise');
    await expect(worker.deliver.run([id])).rejects.toMatchObject({ code: '42703' });
    expect(await world.delivery(id)).toMatchObject({ status: 'SENDING', attempt_no: 1 });
    await world.sql.query('alter table delivery_attempts rename column decided_otherwise to decided_by');
    await world.expireLease(id);
    expect(await worker.reclaim.runOnce()).toBe(1);
    expect(await world.delivery(id)).toMatchObject({ status: 'RETRYING', last_error: 'No outcome was recorded before the lease ended' });
  });

  it('everything about an attempt is one commit: an audit trail that refuses takes the outcome back', async () => {
    const { leadId, id } = await world.aDelivery();
    await world.sql.query(`alter table audit_events add constraint refuse check (type <> 'delivery.delivered') not valid`);
    await expect(worker.deliver.run([id])).rejects.toMatchObject({ code: '23514' });
    expect(await world.delivery(id)).toMatchObject({ status: 'SENDING' });
    expect(await world.attempts(id)).toEqual([expect.objectContaining({ outcome: null, finished: false })]);
    expect(await world.lead(leadId)).toMatchObject({ status: 'READY' });
    await world.sql.query('alter table audit_events drop constraint refuse');
  });
});
