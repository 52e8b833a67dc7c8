import type { DeliveryId } from '#core';
import { answers } from '../support/scripted-crm.js';
import { CRM, DeliveryWorld, OTHER_CRM, type Worker } from './support/delivery-world.js';

let world: DeliveryWorld;
let first: Worker;
let second: Worker;

beforeAll(async () => {
  world = await DeliveryWorld.create();
  first = world.aWorker();
  second = world.aWorker();
});
afterAll(() => world.close());

describe('a lead with several deliveries', () => {
  it('is delivered when all of them are, also when two processes finish at the same moment', async () => {
    const leads = await Promise.all(Array.from({ length: 60 }, () => world.aLead(CRM, OTHER_CRM)));
    const one = leads.map(({ deliveryIds }) => deliveryIds[0] as DeliveryId);
    const other = leads.map(({ deliveryIds }) => deliveryIds[1] as DeliveryId).reverse();
    await Promise.all([first.deliver.run(one), second.deliver.run(other)]);
    for (const { leadId } of leads) {
      expect((await world.lead(leadId)).status).toBe('DELIVERED');
      expect((await world.trail(leadId)).filter((line) => line.startsWith('lead.status'))).toEqual(['lead.status: READY → DELIVERED']);
    }
  });

  it('is FAILED while one waits after a failed attempt, and says so until the end', async () => {
    const { leadId, deliveryIds } = await world.aLead(CRM, OTHER_CRM);
    const [one, other] = deliveryIds as [DeliveryId, DeliveryId];
    world.crm.next(answers.status(500));
    await first.deliver.run([one]);
    expect((await world.lead(leadId)).status).toBe('FAILED');
    await second.deliver.run([other]);
    expect((await world.lead(leadId)).status).toBe('FAILED');
    await world.makeDue(one);
    await first.deliver.run([one]);
    expect((await world.lead(leadId)).status).toBe('DELIVERED');
  });

  it('fails for good only when nothing is open any more', async () => {
    const { leadId, deliveryIds } = await world.aLead(CRM, OTHER_CRM);
    const [one, other] = deliveryIds as [DeliveryId, DeliveryId];
    world.crm.next(answers.status(400));
    await first.deliver.run([one]);
    expect((await world.lead(leadId)).status).toBe('READY');
    await first.deliver.run([other]);
    expect((await world.lead(leadId)).status).toBe('PERMANENTLY_FAILED');
  });

  it('that was erased meanwhile stays erased', async () => {
    const { leadId, id } = await world.aDelivery();
    world.crm.next((socket, request) => {
      void world.sql.query(`update leads set status = 'ERASED' where id = $1`, [leadId]).then(() => answers.created()(socket, request));
    });
    await first.deliver.run([id]);
    expect((await world.delivery(id)).status).toBe('DELIVERED');
    expect((await world.lead(leadId)).status).toBe('ERASED');
  });
});
