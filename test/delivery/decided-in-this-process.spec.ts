import { PgAttemptLedger } from '../../libs/delivery/src/pg-attempt-ledger.js';
import { PgDueDeliveries } from '../../libs/delivery/src/pg-due-deliveries.js';
import { eventually } from '../support/eventually.js';
import { CRM, OTHER_CRM, type DeliveryRow, DeliveryWorld, type Worker } from './support/delivery-world.js';

let world: DeliveryWorld;
let worker: Worker;

beforeAll(async () => {
  world = await DeliveryWorld.create();
});
beforeEach(() => {
  world.configure();
  world.crm.requests.splice(0);
  worker = world.aWorker();
});
afterEach(() => jest.restoreAllMocks());
afterAll(() => world.close());

type Delivery = Awaited<ReturnType<DeliveryWorld['aDelivery']>>;
const becomes = (what: string, { id }: Delivery, is: (row: DeliveryRow) => boolean): Promise<DeliveryRow> =>
  eventually(what, async () => {
    const row = await world.delivery(id);
    return is(row) ? row : undefined;
  });

describe('a delivery that was decided in this process', () => {
  it('is sent without a look', async () => {
    const look = jest.spyOn(PgDueDeliveries.prototype, 'look');
    const delivery = await world.aDelivery();
    worker.deliver.takeDecided(CRM, [delivery.id]);
    await becomes('it is delivered', delivery, ({ status }) => status === 'DELIVERED');
    expect(look).not.toHaveBeenCalled();
    expect(world.crm.requests).toHaveLength(1);
  });

  it('is sent once, whoever rings it as well', async () => {
    const other = world.aWorker();
    const deliveries = await Promise.all(Array.from({ length: 10 }, () => world.aDelivery()));
    const ids = deliveries.map(({ id }) => id);
    worker.deliver.takeDecided(CRM, ids);
    await Promise.all([worker.deliver.run(ids), other.deliver.run(ids)]);
    for (const delivery of deliveries) await becomes('it is delivered', delivery, ({ status }) => status === 'DELIVERED');
    expect(world.crm.requests).toHaveLength(ids.length);
  });

  it('waits with the reason where its destination cannot be used', async () => {
    const delivery = await world.aDelivery();
    world.config.use([]);
    worker.deliver.takeDecided(CRM, [delivery.id]);
    const row = await becomes('it waits', delivery, ({ rung_at }) => rung_at === null);
    expect(row).toMatchObject({ status: 'PENDING', attempt_no: 0, last_error: expect.stringContaining('crm') as string });
    expect(row.due_in_s).toBeGreaterThan(0);
    expect(world.crm.requests).toHaveLength(0);
  });

  it('is given back when Postgres cannot be asked, so that it is rung again', async () => {
    const gone = Object.assign(new Error('terminating connection'), { code: '57P01' });
    jest.spyOn(PgAttemptLedger.prototype, 'open').mockRejectedValueOnce(gone);
    const delivery = await world.aDelivery();
    worker.deliver.takeDecided(CRM, [delivery.id]);
    const row = await becomes('it is given back', delivery, ({ rung_at }) => rung_at === null);
    expect(row).toMatchObject({ status: 'PENDING', attempt_no: 0 });
    await worker.deliver.run([delivery.id]);
    expect(await world.delivery(delivery.id)).toMatchObject({ status: 'DELIVERED', attempt_no: 1 });
  });

  it('is taken while hardly any wait here, and by no process that stops', async () => {
    world.configure({ rate_per_second: 1 });
    const ids = await world.manyDeliveries(30);
    expect(worker.deliver.hasRoom(CRM)).toBe(true);
    worker.deliver.takeDecided(CRM, ids);
    expect(worker.deliver.hasRoom(CRM)).toBe(false);
    expect(worker.deliver.hasRoom(OTHER_CRM)).toBe(true);
    await worker.deliver.stop({ deadlineSeconds: 0 });
    expect(worker.deliver.hasRoom(CRM)).toBe(false);
    expect(worker.deliver.hasRoom(OTHER_CRM)).toBe(false);
  });
});
