import type { DeliveryId } from '#core';
import { eventually } from '../support/eventually.js';
import { answers } from '../support/scripted-crm.js';
import { CRM, DeliveryWorld, OTHER_CRM } from './support/delivery-world.js';

let world: DeliveryWorld;

beforeAll(async () => {
  world = await DeliveryWorld.create();
});
afterAll(() => world.close());

describe('a destination that hangs', () => {
  it('takes no place of another one, whatever waits for it: 2,500 and 20 beside them', async () => {
    world.configure({ breaker: {}, timeout_seconds: 30, concurrency: 4 });
    const worker = world.aWorker();
    const hanging = await world.manyDeliveries(2500);
    const well = await world.manyDeliveries(20, OTHER_CRM);
    world.crm.always(answers.never());
    await worker.deliver.take(hanging.slice(0, 4));
    await world.crm.received(4);
    await worker.deliver.take(hanging.slice(4));
    world.crm.always(answers.created());
    await worker.deliver.run(well);
    const states = async (ids: readonly DeliveryId[]): Promise<object> =>
      (
        await world.sql.query(
          'select status, attempt_no, count(*)::int as n, count(rung_at)::int as rung from deliveries where id = any($1) group by 1, 2 order by 1',
          [ids],
        )
      ).rows;
    expect(await states(well)).toMatchObject([{ status: 'DELIVERED', attempt_no: 1, n: 20 }]);
    // 2,000 ids wait in the lane; what is beyond it goes back to Postgres.
    expect(worker.deliver.inHand()).toEqual(
      new Map([
        [CRM, 2004],
        [OTHER_CRM, 0],
      ]),
    );
    const rung = async (): Promise<number> =>
      (await world.sql.query('select from deliveries where id = any($1) and rung_at is not null and attempt_no = 0', [hanging])).rowCount ??
      0;
    await eventually('what went back is there', async () => ((await rung()) <= 2000 ? true : undefined));
    expect(await states(hanging)).toMatchObject([
      { status: 'PENDING', attempt_no: 0, n: 2496, rung: 2000 },
      { status: 'SENDING', attempt_no: 1, n: 4 },
    ]);
    await worker.deliver.stop({ deadlineSeconds: 0 });
    // Nothing is lost with the process: whoever polls finds them all, and nobody's ring is in the way.
    expect(await states(hanging)).toMatchObject([
      { status: 'PENDING', attempt_no: 0, n: 2496, rung: 0 },
      { status: 'RETRYING', attempt_no: 1, n: 4, rung: 0 },
    ]);
  });
});
