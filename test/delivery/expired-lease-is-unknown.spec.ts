import type { DestinationConfig } from '#core';
import { expectAhead } from '../support/expect-ahead.js';
import { DeliveryWorld, type Worker } from './support/delivery-world.js';

let world: DeliveryWorld;
let first: Worker;
let second: Worker;

beforeAll(async () => {
  world = await DeliveryWorld.create();
  first = world.aWorker();
  second = world.aWorker();
});
beforeEach(() => world.configure());
afterAll(() => world.close());

const CAUSE = 'No outcome was recorded before the lease ended';

describe('an attempt whose process died', () => {
  it.each(['keyed', 'upsert'] as const)('is sent again under the same key where the destination is %s', async (effect) => {
    world.configure({ effect });
    const { leadId, id } = await world.aDelivery();
    await world.abandon(id);
    const began = performance.now();
    expect(await first.reclaim.runOnce()).toBe(1);
    const row = await world.delivery(id);
    expect(row).toMatchObject({ status: 'RETRYING', attempt_no: 1, rung_at: null, lease_until: null, last_error: CAUSE });
    expectAhead(row.due_in_s, 30, began);
    expect(await world.attempts(id)).toEqual([
      expect.objectContaining({ sent_state: 'unknown', outcome: 'retry', error_message: CAUSE, finished: true }),
    ]);
    expect(await world.lead(leadId)).toMatchObject({ status: 'FAILED' });
  });

  it.each([
    { effect: 'blind', answers: 'plain' },
    { effect: 'blind', answers: 'standard' },
    { effect: 'search_first', answers: 'standard' },
  ] as const)('is held for a person where a repetition could be a second lead ($effect, $answers)', async (given) => {
    world.configure(given satisfies Partial<DestinationConfig>);
    const { leadId, id } = await world.aDelivery();
    await world.abandon(id);
    expect(await first.reclaim.runOnce()).toBe(1);
    expect(await world.delivery(id)).toMatchObject({ status: 'HELD', last_error: `Unknown outcome: ${CAUSE}` });
    expect(await world.attempts(id)).toEqual([expect.objectContaining({ sent_state: 'unknown', outcome: 'held' })]);
    expect(await world.lead(leadId)).toEqual({ status: 'HELD', hold_reason: 'unknown_outcome' });
    expect(await world.trail(leadId)).toEqual([
      `delivery.held: SENDING → HELD (Unknown outcome: ${CAUSE})`,
      'lead.status: READY → HELD (unknown_outcome)',
    ]);
    await world.makeDue(id);
    await first.deliver.run([id]);
    expect((await world.delivery(id)).status).toBe('HELD');
  });

  it('that was the last one of the schedule ends the delivery', async () => {
    const { leadId, id } = await world.aDelivery();
    await world.sql.query(`update leads set status = 'FAILED' where id = $1`, [leadId]);
    await world.abandon(id, 6);
    await first.reclaim.runOnce();
    expect(await world.delivery(id)).toMatchObject({ status: 'PERMANENTLY_FAILED', last_error: `Max retries exhausted: ${CAUSE}` });
    expect((await world.lead(leadId)).status).toBe('PERMANENTLY_FAILED');
  });

  it('is closed once, whoever looks at the same time', async () => {
    const deliveries = await Promise.all(Array.from({ length: 250 }, () => world.aDelivery()));
    await Promise.all(deliveries.map(({ id }) => world.abandon(id)));
    const closed = await Promise.all([first.reclaim.runOnce(), second.reclaim.runOnce(), first.reclaim.runOnce()]);
    expect(closed.reduce((sum, count) => sum + count, 0)).toBe(deliveries.length);
    for (const { leadId, id } of deliveries) {
      expect(await world.delivery(id)).toMatchObject({ status: 'RETRYING', attempt_no: 1 });
      expect(await world.trail(leadId)).toHaveLength(2);
    }
  });

  it('waits while its destination is not configured: only its configuration says whether it may be sent again', async () => {
    const { id } = await world.aDelivery();
    await world.abandon(id);
    world.config.use([]);
    expect(await first.reclaim.runOnce()).toBe(0);
    expect(await world.delivery(id)).toMatchObject({
      status: 'SENDING',
      last_error: 'Destination demo/crm is not in the active configuration',
    });
    world.configure();
    await world.expireLease(id);
    expect(await first.reclaim.runOnce()).toBe(1);
    expect(await world.delivery(id)).toMatchObject({ status: 'RETRYING', attempt_no: 1 });
  });

  it('is left alone while its lease runs', async () => {
    const { id } = await world.aDelivery();
    await world.abandon(id);
    await world.sql.query(`update deliveries set lease_until = clock_timestamp() + interval '1 minute' where id = $1`, [id]);
    expect(await first.reclaim.runOnce()).toBe(0);
    expect((await world.delivery(id)).status).toBe('SENDING');
  });
});
