import type { Socket } from 'node:net';
import { answers, type Answer, type ReceivedRequest } from '../support/scripted-crm.js';
import { DeliveryWorld, type Worker } from './support/delivery-world.js';

let world: DeliveryWorld;
let stopped: Worker;
let successor: Worker;

beforeAll(async () => {
  world = await DeliveryWorld.create();
  stopped = world.aWorker();
  successor = world.aWorker();
});
beforeEach(() => {
  world.crm.requests.splice(0);
  world.logged.length = 0;
});
afterAll(() => world.close());

/** An answer that is given when the test says so. */
function onCommand(answer: Answer): { answer: Answer; give: () => void } {
  let waiting: { socket: Socket; request: ReceivedRequest } | undefined;
  return {
    answer: (socket, request) => {
      waiting = { socket, request };
    },
    give: () => {
      if (waiting === undefined) throw new Error('no request was received yet');
      answer(waiting.socket, waiting.request);
    },
  };
}

describe('a process that was stopped for longer than its lease', () => {
  it('changes nothing when its answer comes before the next attempt', async () => {
    const { leadId, id } = await world.aDelivery();
    const late = onCommand(answers.created());
    world.crm.next(late.answer);
    const job = stopped.deliver.run([id]);
    await world.crm.received(1);
    await world.expireLease(id);
    expect(await successor.reclaim.runOnce()).toBe(1);
    late.give();
    await job;

    expect(await world.delivery(id)).toMatchObject({ status: 'RETRYING', attempt_no: 1, crm_record_id: null });
    expect(await world.attempts(id)).toEqual([
      expect.objectContaining({ attempt_no: 1, sent_state: 'unknown', outcome: 'retry', error_code: 'LEASE_EXPIRED', status_code: null }),
    ]);
    expect(await world.trail(leadId)).toEqual([
      'delivery.retry_scheduled: SENDING → RETRYING (No outcome was recorded before the lease ended)',
      'lead.status: READY → FAILED (No outcome was recorded before the lease ended)',
    ]);
    expect(world.logged.at(-1)).toMatchObject({ delivery_id: id, attempt_no: 1, outcome: 'delivered', written: false });
  });

  it('changes nothing when its answer comes during the next attempt, and its call carried the same key', async () => {
    const { id } = await world.aDelivery();
    const late = onCommand(answers.status(500));
    const next = onCommand(answers.created());
    world.crm.next(late.answer, next.answer);
    const zombie = stopped.deliver.run([id]);
    await world.crm.received(1);
    await world.expireLease(id);
    await successor.reclaim.runOnce();
    await world.makeDue(id);
    const job = successor.deliver.run([id]);
    await world.crm.received(2);
    late.give();
    await zombie;
    expect(await world.delivery(id)).toMatchObject({ status: 'SENDING', attempt_no: 2 });
    next.give();
    await job;
    expect(await world.delivery(id)).toMatchObject({ status: 'DELIVERED', attempt_no: 2 });
    expect(await world.attempts(id)).toEqual([
      expect.objectContaining({ attempt_no: 1, sent_state: 'unknown', status_code: null }),
      expect.objectContaining({ attempt_no: 2, outcome: 'delivered' }),
    ]);
    expect(new Set(world.crm.keys).size).toBe(1);
  });

  it('changes nothing when its answer comes after the lead was delivered', async () => {
    const { leadId, id } = await world.aDelivery();
    const late = onCommand(answers.status(400));
    world.crm.next(late.answer);
    const zombie = stopped.deliver.run([id]);
    await world.crm.received(1);
    await world.expireLease(id);
    await successor.reclaim.runOnce();
    await world.makeDue(id);
    await successor.deliver.run([id]);
    late.give();
    await zombie;
    expect(await world.delivery(id)).toMatchObject({ status: 'DELIVERED', attempt_no: 2 });
    expect(await world.lead(leadId)).toMatchObject({ status: 'DELIVERED' });
  });

  it('wins when it closes before anyone looks: the reclaim finds nothing', async () => {
    const { id } = await world.aDelivery();
    const late = onCommand(answers.created());
    world.crm.next(late.answer);
    const job = stopped.deliver.run([id]);
    await world.crm.received(1);
    await world.expireLease(id);
    late.give();
    await job;
    expect(await successor.reclaim.runOnce()).toBe(0);
    expect(await world.delivery(id)).toMatchObject({ status: 'DELIVERED', attempt_no: 1 });
  });
});
