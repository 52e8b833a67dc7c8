import { randomUUID } from 'node:crypto';
import { answers, type Answer } from '../support/scripted-crm.js';
import { CRM, DeliveryWorld, OTHER_CRM, type Worker } from './support/delivery-world.js';

let world: DeliveryWorld;
let worker: Worker;

beforeAll(async () => {
  world = await DeliveryWorld.create();
  worker = world.aWorker();
});
beforeEach(() => {
  world.crm.requests.splice(0);
  world.logged.length = 0;
});
afterAll(() => world.close());

/** Answers 201 after the change. */
const createdAfter =
  (change: () => Promise<unknown>): Answer =>
  (socket, request) =>
    void change().then(() => answers.created()(socket, request));

const TRAIL = ['delivery.delivered: SENDING → DELIVERED', 'lead.status: READY → DELIVERED'];

describe('a delivery that the CRM takes', () => {
  it('is written with its lead, its attempt and their events', async () => {
    const { leadId, id } = await world.aDelivery();
    world.crm.next(answers.created());
    await worker.deliver.run([id]);

    expect(await world.delivery(id)).toMatchObject({
      status: 'DELIVERED',
      attempt_no: 1,
      lease_until: null,
      rung_at: null,
      last_error: null,
    });
    expect((await world.delivery(id)).finished_at).not.toBeNull();
    expect(await world.attempts(id)).toEqual([
      expect.objectContaining({ attempt_no: 1, sent_state: 'answered', outcome: 'delivered', status_code: 201, finished: true }),
    ]);
    expect(await world.lead(leadId)).toEqual({ status: 'DELIVERED', hold_reason: null });
    expect(await world.trail(leadId)).toEqual(TRAIL);
  });

  it('leaves the lead as it is that was erased meanwhile', async () => {
    const { leadId, id } = await world.aDelivery();
    world.crm.next(createdAfter(() => world.sql.query(`update leads set status = 'ERASED' where id = $1`, [leadId])));
    await worker.deliver.run([id]);

    expect(await world.delivery(id)).toMatchObject({ status: 'DELIVERED' });
    expect(await world.lead(leadId)).toMatchObject({ status: 'ERASED' });
    expect(await world.trail(leadId)).toEqual([TRAIL[0]]);
  });

  it('does not end the lead that got another delivery meanwhile', async () => {
    const { leadId, id } = await world.aDelivery();
    const another = () =>
      world.sql.query(
        `insert into deliveries (id, tenant_id, lead_id, destination_id, idempotency_key, content_type, payload)
         values ($1, 'demo', $2, $3, 'another', 'application/json', '{}')`,
        [randomUUID(), leadId, OTHER_CRM],
      );
    world.crm.next(createdAfter(another));
    await worker.deliver.run([id]);

    expect(await world.delivery(id)).toMatchObject({ status: 'DELIVERED' });
    expect(await world.lead(leadId)).toMatchObject({ status: 'READY' });
    expect(await world.trail(leadId)).toEqual([TRAIL[0]]);
  });

  it('makes the destination forget failures that were noted meanwhile', async () => {
    const { leadId, id } = await world.aDelivery();
    const failure = () => world.sql.query(`insert into breakers (service_id, tenant_id, failures) values ($1, 'demo', 2)`, [CRM]);
    world.crm.next(createdAfter(failure));
    await worker.deliver.run([id]);

    const { rows } = await world.sql.query('select failures from breakers where service_id = $1', [CRM]);
    expect(rows).toEqual([{ failures: 0 }]);
    expect(await world.lead(leadId)).toMatchObject({ status: 'DELIVERED' });
    expect(await world.trail(leadId)).toEqual(TRAIL);
  });

  it('counts once where its lease ended meanwhile', async () => {
    const { leadId, id } = await world.aDelivery();
    const reclaimed = async (): Promise<void> => {
      await world.expireLease(id);
      await worker.reclaim.runOnce();
    };
    world.crm.next(createdAfter(reclaimed));
    await worker.deliver.run([id]);

    expect(await world.delivery(id)).toMatchObject({ status: 'RETRYING' });
    expect(await world.lead(leadId)).toMatchObject({ status: 'FAILED' });
    expect(world.logged.at(-1)).toMatchObject({ delivery_id: id, outcome: 'delivered', written: false });
  });
});
