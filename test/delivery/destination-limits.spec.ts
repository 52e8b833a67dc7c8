import { expectAhead } from '../support/expect-ahead.js';
import { answers } from '../support/scripted-crm.js';
import { DeliveryWorld, type Worker } from './support/delivery-world.js';

let world: DeliveryWorld;
let worker: Worker;

beforeAll(async () => {
  world = await DeliveryWorld.create();
  worker = world.aWorker();
});
beforeEach(() => {
  world.configure();
  world.crm.requests.splice(0);
});
afterAll(() => world.close());

describe('a destination', () => {
  it('is called by no more calls at once than its configuration says, and no lease runs while a call waits', async () => {
    world.configure({ concurrency: 3 });
    let inFlight = 0;
    let answered = 0;
    let mostInFlight = 0;
    let mostClaimed = 0;
    // Nobody is answered before three wait at once: how fast calls follow each other is the machine's business.
    let threeWait = (): void => {};
    const three = new Promise<void>((resolve) => (threeWait = resolve));
    world.crm.always((socket, request) => {
      inFlight += 1;
      mostInFlight = Math.max(mostInFlight, inFlight);
      if (inFlight === 3) threeWait();
      const claimed = three.then(() => world.sql.query<{ n: number }>(`select count(*)::int as n from delivery_attempts`));
      void claimed.then(({ rows }) => {
        mostClaimed = Math.max(mostClaimed, (rows[0]?.n ?? 0) - answered);
        inFlight -= 1;
        answered += 1;
        answers.created()(socket, request);
      });
    });
    const deliveries = await Promise.all(Array.from({ length: 40 }, () => world.aDelivery()));
    const ids = deliveries.map(({ id }) => id);
    await Promise.all([worker.deliver.run(ids.slice(0, 20)), worker.deliver.run(ids.slice(20))]);
    expect(answered).toBe(40);
    expect(mostInFlight).toBe(3);
    expect(mostClaimed).toBe(3);
    world.crm.always(answers.created());
  });

  it('that is taken out of the configuration keeps its deliveries waiting and burns no attempt', async () => {
    const { leadId, id } = await world.aDelivery();
    world.config.use([]);
    const began = performance.now();
    await worker.deliver.run([id]);
    const row = await world.delivery(id);
    expect(row).toMatchObject({
      status: 'PENDING',
      attempt_no: 0,
      rung_at: null,
      last_error: 'Destination demo/crm is not in the active configuration',
    });
    expectAhead(row.due_in_s, 30, began);
    expect(await world.attempts(id)).toEqual([]);
    expect((await world.lead(leadId)).status).toBe('READY');

    world.configure();
    await world.makeDue(id);
    await worker.deliver.run([id]);
    expect(await world.delivery(id)).toMatchObject({ status: 'DELIVERED', attempt_no: 1, last_error: null });
  });

  it('that left a backlog behind costs one write for each job, however often it is due', async () => {
    const deliveries = await Promise.all(Array.from({ length: 25 }, () => world.aDelivery()));
    const ids = deliveries.map(({ id }) => id);
    world.config.use([]);
    await worker.deliver.run(ids);
    const { rows } = await world.sql.query<object>(
      `select count(*)::int as parked, count(distinct xmin::text)::int as writes from deliveries
        where id = any($1::uuid[]) and rung_at is null and next_attempt_at > clock_timestamp() and attempt_no = 0`,
      [ids],
    );
    expect(rows).toEqual([{ parked: 25, writes: 1 }]);
  });

  it.each([
    { description: 'an unknown kind', given: { kind: 'carrier-pigeon' }, says: 'known: http' },
    { description: 'an address that is none', given: { url: 'crm.example.com' }, says: 'url: must be an absolute address' },
    { description: 'a user in the address', given: { url: 'http://me:secret@crm.example.com/' }, says: 'url: must not carry a user' },
    {
      description: 'a token with a line break',
      given: { authentication: { kind: 'bearer' as const, token: 'secret\r\nx: y' } },
      says: 'authentication.token: must be one line',
    },
  ])('with $description is not called; the reason is to be read and repeats no secret', async ({ given, says }) => {
    world.configure(given);
    const { id } = await world.aDelivery();
    await worker.deliver.run([id]);
    const { last_error: error, attempt_no: attemptNo } = await world.delivery(id);
    expect(error).toContain(says);
    expect(error).not.toContain('secret');
    expect(attemptNo).toBe(0);
    expect(world.crm.requests).toHaveLength(0);
  });

  it('that was mended counts for the next attempt', async () => {
    const { id } = await world.aDelivery();
    world.crm.next(answers.status(500));
    await worker.deliver.run([id]);
    world.configure({ authentication: { kind: 'bearer', token: 'new-token' }, url: `${world.crm.url}/v2?x=1` });
    await world.makeDue(id);
    await worker.deliver.run([id]);
    expect(world.crm.requests.at(-1)).toMatchObject({ path: '/leads/v2?x=1' });
    expect(world.crm.requests.at(-1)?.headers['authorization']).toBe('Bearer new-token');
  });
});
