import { eventually } from '../support/eventually.js';
import { hasTestRedis } from '../support/test-redis.js';
import { Arena } from './support/arena.js';
import { judge } from './support/oracle.js';
import { faultsOf } from './support/schedule.js';
import { seedOfRun, Seeded } from './support/seeded.js';

const FAULTS = 12;
const RETRY_BASE_SECONDS = 0.2;
/** Fewer would say little. Requests that were refused count for the schedule, too, and on a slow machine nearly all may be. */
const LEAST_LEADS = FAULTS * 5;
const seed = seedOfRun();

/** The short form of npm run soak. A failure says the seed; LEADGATE_TEST_SEED=<seed> repeats the order of faults. */
describe(`leads under a random schedule of faults (LEADGATE_TEST_SEED=${seed})`, () => {
  it.each(['postgres', ...(hasTestRedis ? (['redis'] as const) : [])] as const)(
    'nothing acknowledged is lost, doubled or changed, with the queue in %s',
    async (backend) => {
      const chance = new Seeded(seed);
      const arena = await Arena.open({ backend, perSecond: 100, retryBaseSeconds: RETRY_BASE_SECONDS });
      const happened: string[] = [];
      try {
        await arena.start();
        await arena.sender.after(50);
        for (let n = 0; n < FAULTS; n += 1) {
          const fault = chance.pick(faultsOf(backend));
          happened.push(fault.name);
          await fault.happen(arena, chance).catch((error: Error) => Promise.reject(new Error(`${fault.name}: ${error.message}`)));
          await arena.sender.after(chance.between(5, 50));
        }
        await arena.heal();
        await eventually('leads were acknowledged', async () => (arena.sender.acknowledged.size > LEAST_LEADS ? true : undefined));
        await arena.sender.stop();
        await arena.settled();
        const { sender, world, redis } = arena;
        const acknowledged = arena.acknowledged();
        const findings = await judge(world, {
          acknowledged,
          people: sender.acknowledged,
          redisUrl: redis?.url,
          retryBaseSeconds: RETRY_BASE_SECONDS,
        });
        expect({ seed, happened, findings: [...sender.broken, ...findings] }).toEqual({ seed, happened, findings: [] });
        expect(acknowledged.length).toBeGreaterThan(LEAST_LEADS);
      } finally {
        await arena.close();
      }
    },
    1_200_000,
  );
});
