import { expectAhead } from '../support/expect-ahead.js';
import { answers } from '../support/scripted-crm.js';
import { DeliveryWorld, type Worker } from './support/delivery-world.js';

let world: DeliveryWorld;
let first: Worker;
let second: Worker;

beforeAll(async () => {
  world = await DeliveryWorld.create();
  first = world.aWorker();
  second = world.aWorker();
});
beforeEach(() => world.crm.requests.splice(0));
afterAll(() => world.close());

describe('a delivered lead is never delivered again', () => {
  it('by a job that is repeated, late or doubled', async () => {
    const { leadId, id } = await world.aDelivery();
    for (let n = 0; n < 5; n += 1) await first.deliver.run([id, id]);
    await second.deliver.run([id]);
    expect(world.crm.requests).toHaveLength(1);
    expect(await world.delivery(id)).toMatchObject({ status: 'DELIVERED', attempt_no: 1 });
    expect(await world.trail(leadId)).toEqual(['delivery.delivered: SENDING → DELIVERED', 'lead.status: READY → DELIVERED']);
  });

  it('by fifty jobs in two processes at once', async () => {
    const deliveries = await Promise.all(Array.from({ length: 20 }, () => world.aDelivery()));
    const ids = deliveries.map(({ id }) => id);
    await Promise.all(
      Array.from({ length: 50 }, (_, n) => (n % 2 === 0 ? first : second).deliver.run(n % 3 === 0 ? [...ids].reverse() : ids)),
    );
    expect(world.crm.requests).toHaveLength(ids.length);
    expect(new Set(world.crm.keys).size).toBe(ids.length);
    for (const id of ids) expect(await world.delivery(id)).toMatchObject({ status: 'DELIVERED', attempt_no: 1 });
  });

  it('also when its answer broke off after the status', async () => {
    const { id } = await world.aDelivery();
    world.crm.next(answers.resetInsideBody(201));
    await first.deliver.run([id]);
    await first.deliver.run([id]);
    await second.reclaim.runOnce();
    expect(world.crm.requests).toHaveLength(1);
    expect(await world.delivery(id)).toMatchObject({ status: 'DELIVERED', attempt_no: 1 });
  });

  it.each(['HELD', 'PERMANENTLY_FAILED', 'DELIVERED', 'SENDING'])('a %s delivery is not sent by any job', async (status) => {
    const { id } = await world.aDelivery();
    await world.sql.query(`update deliveries set status = $2, lease_until = clock_timestamp() + interval '1 minute' where id = $1`, [
      id,
      status,
    ]);
    await first.deliver.run([id]);
    expect(world.crm.requests).toHaveLength(0);
    expect((await world.delivery(id)).status).toBe(status);
  });
});

describe('a repeated attempt', () => {
  it('carries the same key and the same bytes', async () => {
    const { leadId, id } = await world.aDelivery();
    world.crm.next(answers.status(500), answers.resetBeforeHeaders(), answers.created());
    for (let n = 0; n < 3; n += 1) {
      await first.deliver.run([id]);
      if (n < 2) await world.makeDue(id);
    }
    expect(world.crm.requests).toHaveLength(3);
    expect(new Set(world.crm.keys).size).toBe(1);
    expect(new Set(world.crm.requests.map(({ body }) => body)).size).toBe(1);
    expect(world.crm.requests.map(({ headers }) => headers['x-attempt'])).toEqual(['1', '2', '3']);
    expect(await world.delivery(id)).toMatchObject({ status: 'DELIVERED', attempt_no: 3, last_error: null });
    expect(await world.trail(leadId)).toEqual([
      'delivery.retry_scheduled: SENDING → RETRYING (Server error: 500)',
      'lead.status: READY → FAILED (Server error: 500)',
      'delivery.retry_scheduled: SENDING → RETRYING (Connection lost)',
      'lead.status: FAILED → FAILED (Connection lost)',
      'delivery.delivered: SENDING → DELIVERED',
      'lead.status: FAILED → DELIVERED',
    ]);
  });

  it('waits until it is due, on the clock of Postgres', async () => {
    const { id } = await world.aDelivery();
    world.crm.next(answers.status(500));
    await first.deliver.run([id]);
    await world.sql.query('update deliveries set rung_at = clock_timestamp() where id = $1', [id]);
    await first.deliver.run([id]);
    expect(world.crm.requests).toHaveLength(1);
    expect(await world.delivery(id)).toMatchObject({ status: 'RETRYING', attempt_no: 1, rung_at: null });
  });

  it('is the sixth at most', async () => {
    const { leadId, id } = await world.aDelivery();
    world.crm.next(...Array.from({ length: 6 }, () => answers.status(503)));
    const gaps = [30, 60, 120, 240, 480];
    for (let n = 1; n <= 7; n += 1) {
      const began = performance.now();
      await first.deliver.run([id]);
      const { due_in_s: gap, status } = await world.delivery(id);
      if (status === 'RETRYING') expectAhead(gap, gaps.shift() ?? 0, began);
      await world.makeDue(id);
    }
    expect(gaps).toEqual([]);
    expect(world.crm.requests).toHaveLength(6);
    expect(await world.delivery(id)).toMatchObject({
      status: 'PERMANENTLY_FAILED',
      attempt_no: 6,
      last_error: 'Max retries exhausted: Server error: 503',
    });
    expect((await world.lead(leadId)).status).toBe('PERMANENTLY_FAILED');
    expect((await world.trail(leadId)).at(-1)).toBe('lead.status: FAILED → PERMANENTLY_FAILED (Max retries exhausted: Server error: 503)');
  });
});
