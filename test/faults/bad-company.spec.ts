import { join } from 'node:path';
import { PROJECT_ROOT } from '../support/child-process.js';
import { eventually } from '../support/eventually.js';
import { QUEUE_BACKENDS } from '../support/gateway-process.js';
import { hasTestRedis } from '../support/test-redis.js';
import { acceptLead, FaultWorld } from './support/fault-world.js';
import type { GatewaySlot } from './support/gateway-slot.js';
import { judge } from './support/oracle.js';

const SKEWS = [60, 365 * 24 * 3600];
/** A clock that is ahead by this takes each of the gaps between attempts for over. */
const RETRY_BASE_SECONDS = 0.5;

const skewedBy = (seconds: number) => ({
  NODE_OPTIONS: `--require ${join(PROJECT_ROOT, 'test/faults/support/skewed-clock.cjs')}`,
  LEADGATE_TEST_SKEW_SECONDS: `${seconds}`,
});

describe.each(QUEUE_BACKENDS)('a lead that does harm, with the queue in $name', ({ redisUrl, empty }) => {
  let world: FaultWorld;

  beforeAll(async () => {
    await empty();
    world = await FaultWorld.open({ redisUrl });
  });
  afterAll(() => world?.close());

  it('F17: a lead that takes every process down harms only itself, and is held', async () => {
    const door = world.slot({ LEADGATE_ROLES: 'api' });
    await door.start();
    const ids: string[] = [];
    for (let n = 1; n <= 6; n += 1) ids.push(await acceptLead(door.url, n));
    const [poison = '', ...others] = ids;
    const worker = world.slot({ LEADGATE_ROLES: 'pipeline,delivery,relay' });
    const held = async (): Promise<boolean> =>
      (await world.rows(`select from leads where id = $1 and hold_reason = 'poison'`, [poison])).length > 0;
    let crashes = 0;
    while (!(await held())) {
      await world.timePasses();
      await worker.start({ unready: true, failpoints: `process_after_load[${poison}]:crash` }).catch(() => {});
      await eventually('it is held, or its process ends', async () => (!worker.alive || (await held()) ? true : undefined));
      if (worker.alive) continue;
      expect((await worker.ended()).code).toBe(1);
      crashes += 1;
      expect(crashes).toBeLessThan(10);
    }
    // Once among the others, then twice alone.
    expect(crashes).toBe(3);
    await world.settled();
    expect(await world.rows(`select from leads where id = any($1::uuid[]) and status = 'DELIVERED'`, [others])).toHaveLength(5);
    expect(await judge(world, { acknowledged: ids, redisUrl })).toEqual([]);
  });
});

describe('a clock that is ahead', () => {
  it('F41: by a minute or a year, takes no jobs from the queue in Postgres, and says why; leads wait for an honest one', async () => {
    const world = await FaultWorld.open();
    try {
      const acknowledged: string[] = [];
      for (const seconds of SKEWS) {
        const skewed = world.slot(skewedBy(seconds));
        await skewed.start();
        acknowledged.push(await acceptLead(skewed.url, acknowledged.length + 1));
        // A probe that a slow machine has no second for says only that.
        await eventually('its health says why', async () =>
          (await (await fetch(`${skewed.url}/health`)).text()).includes('clock differs') ? true : undefined,
        );
        await skewed.kill('SIGTERM');
      }
      expect(await world.rows(`select from leads where status = 'RECEIVED'`)).toHaveLength(2);
      await world.timePasses();
      await world.slot().start();
      await world.settled();
      expect(await judge(world, { acknowledged })).toEqual([]);
    } finally {
      await world.close();
    }
  });

  const [, inRedis] = QUEUE_BACKENDS;
  (hasTestRedis ? it : it.skip).each(SKEWS)(
    'F41: by %d s, takes jobs from the queue in Redis: no retry comes early, and what it dies over is sent again under its key',
    async (seconds) => {
      await inRedis?.empty();
      const world = await FaultWorld.open({
        redisUrl: inRedis?.redisUrl,
        env: { LEADGATE_RETRY_BASE_SECONDS: `${RETRY_BASE_SECONDS}` },
      });
      const acknowledged: string[] = [];
      const send = async (to: GatewaySlot, count: number): Promise<void> => {
        for (let n = 0; n < count; n += 1) acknowledged.push(await acceptLead(to.url, acknowledged.length + 1));
      };
      try {
        const skewed = world.slot(skewedBy(seconds));
        await skewed.start();
        // Nobody else is there: it is this one that takes the jobs and tries again.
        await world.crm.mode({ mode: '500', times: 3 });
        await send(skewed, 4);
        await world.settled();
        expect(await world.rows(`select from deliveries where attempt_no > 1`)).not.toEqual([]);

        const honest = world.slot();
        await world.crm.mode({ mode: 'timeout', times: 2 });
        await send(skewed, 2);
        await eventually('the CRM has both', async () => ((await world.crm.leads()).length === acknowledged.length ? true : undefined));
        await honest.start();
        await send(honest, 4);
        await skewed.kill();
        await world.timePasses();
        await world.settled();
        expect(await judge(world, { acknowledged, redisUrl: inRedis?.redisUrl, retryBaseSeconds: RETRY_BASE_SECONDS })).toEqual([]);
        expect(await world.rows(`select from leads where status = 'DELIVERED'`)).toHaveLength(acknowledged.length);
      } finally {
        await world.close();
      }
    },
  );
});
