import { answers } from '../support/scripted-crm.js';
import { DeliveryWorld } from './support/delivery-world.js';

let world: DeliveryWorld;

beforeEach(async () => {
  world = await DeliveryWorld.create();
});
afterEach(() => world.close());

describe('a process that is told to stop', () => {
  it('lets calls in flight finish and begins no others; those are due for whoever comes next', async () => {
    world.configure({ concurrency: 2 });
    const worker = world.aWorker();
    const deliveries = await Promise.all(Array.from({ length: 6 }, () => world.aDelivery()));
    const open: (() => void)[] = [];
    world.crm.always((socket, request) => open.push(() => answers.created()(socket, request)));
    const job = worker.deliver.run(deliveries.map(({ id }) => id));
    await world.crm.received(2);
    const stopped = worker.deliver.stop({ deadlineSeconds: 25 });
    for (const answer of open) answer();
    await Promise.all([stopped, job]);

    expect(world.crm.requests).toHaveLength(2);
    const rows = await Promise.all(deliveries.map(({ id }) => world.delivery(id)));
    expect(rows.filter(({ status }) => status === 'DELIVERED')).toHaveLength(2);
    const waiting = rows.filter(({ status }) => status === 'PENDING');
    expect(waiting).toHaveLength(4);
    for (const row of waiting) expect(row).toMatchObject({ attempt_no: 0, rung_at: null });
  });

  it('breaks off what does not finish, records it as unknown and has it sent again under its key', async () => {
    const worker = world.aWorker();
    const { id } = await world.aDelivery();
    world.crm.next(answers.never());
    const job = worker.deliver.run([id]);
    await world.crm.received(1);
    await Promise.all([worker.deliver.stop({ deadlineSeconds: 0.05 }), job]);
    expect(await world.delivery(id)).toMatchObject({ status: 'RETRYING', last_error: 'Broken off at shutdown' });
    expect(await world.attempts(id)).toEqual([
      expect.objectContaining({ sent_state: 'unknown', error_code: 'CALL_ABORTED', finished: true }),
    ]);

    await world.makeDue(id);
    await world.aWorker().deliver.run([id]);
    expect((await world.delivery(id)).status).toBe('DELIVERED');
    expect(new Set(world.crm.keys).size).toBe(1);
  });

  it('holds what it broke off at a destination that must not be asked twice', async () => {
    world.configure({ effect: 'blind' });
    const worker = world.aWorker();
    const { leadId, id } = await world.aDelivery();
    world.crm.next(answers.never());
    const job = worker.deliver.run([id]);
    await world.crm.received(1);
    await Promise.all([worker.deliver.stop({ deadlineSeconds: 0 }), job]);
    expect((await world.delivery(id)).status).toBe('HELD');
    expect(await world.lead(leadId)).toEqual({ status: 'HELD', hold_reason: 'unknown_outcome' });
  });

  it('takes no job that comes too late', async () => {
    const worker = world.aWorker();
    const { id } = await world.aDelivery();
    await worker.deliver.stop({ deadlineSeconds: 0 });
    await worker.deliver.run([id]);
    expect(world.crm.requests).toHaveLength(0);
    expect(await world.delivery(id)).toMatchObject({ status: 'PENDING', attempt_no: 0, rung_at: null });
  });
});
