import { OutboundRules } from '#platform';
import { DeliveryWorld } from '../delivery/support/delivery-world.js';
import { answers } from '../support/scripted-crm.js';

let world: DeliveryWorld;

beforeAll(async () => {
  world = await DeliveryWorld.create();
});
afterAll(() => world.close());

describe('a delivery to an address that is not allowed', () => {
  it('through a name: an attempt that sent nothing, repeated on the schedule', async () => {
    world.configure({ url: `https://localhost:${world.crm.port}/leads` });
    const { id, leadId } = await world.aDelivery();
    await world.aWorker({ rules: OutboundRules.strict }).deliver.run([id]);
    const cause = 'Address not allowed; an operator can allow it with LEADGATE_ALLOWED_PRIVATE_ADDRESSES';
    expect(await world.attempts(id)).toMatchObject([
      { sent_state: 'not_sent', error_code: 'ADDRESS_NOT_ALLOWED', error_message: cause, finished: true },
    ]);
    expect(await world.delivery(id)).toMatchObject({ status: 'RETRYING', last_error: cause });
    expect(await world.lead(leadId)).toMatchObject({ status: 'FAILED' });
    expect(world.crm.requests).toHaveLength(0);
  });

  it('written as it is: waits without an attempt, and goes out once it is allowed', async () => {
    world.configure();
    const { id, leadId } = await world.aDelivery();
    await world.aWorker({ rules: OutboundRules.strict }).deliver.run([id]);
    expect(await world.attempts(id)).toEqual([]);
    expect((await world.delivery(id)).last_error).toMatch(
      /url: leads to an address that is not on the Internet .*LEADGATE_ALLOWED_PRIVATE_ADDRESSES/,
    );
    expect(world.crm.requests).toHaveLength(0);

    await world.makeDue(id);
    await world.aWorker().deliver.run([id]);
    expect(await world.lead(leadId)).toMatchObject({ status: 'DELIVERED' });
    expect(world.crm.requests).toHaveLength(1);
  });

  it('through a redirect: the answer is recorded and nobody else is called', async () => {
    world.configure();
    world.crm.next(answers.redirect('http://169.254.169.254/latest/meta-data/'));
    const { id } = await world.aDelivery();
    const before = world.crm.requests.length;
    await world.aWorker().deliver.run([id]);
    expect(await world.attempts(id)).toMatchObject([{ sent_state: 'answered', status_code: 302, outcome: 'refused' }]);
    expect(world.crm.requests).toHaveLength(before + 1);
  });
});
