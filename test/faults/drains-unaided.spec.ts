import { hasTestRedis } from '../support/test-redis.js';
import { Arena } from './support/arena.js';
import type { FaultWorld } from './support/fault-world.js';
import type { GatewaySlot } from './support/gateway-slot.js';
import { judge } from './support/oracle.js';

const RETRY_BASE_SECONDS = 0.2;
/** What a process had claimed when it died is taken for lost when its lease ends, what was rung and is lost after as long. */
const LEASE_SECONDS = 60;
/** For what came in while that was so, where two gateways start in so many seconds; a slower machine has longer for either. */
const BACKLOG_SECONDS = 30;
const START_SECONDS = 5;
const IN_FLIGHT = 10;
/** A call lasts longer than a slow machine needs from seeing that it is under way to killing its process. */
const CALL_MS = 5000;

/** Until the one process has calls under way; the other one stands still, so that they are not its own. */
async function callsOf(one: GatewaySlot, other: GatewaySlot, world: FaultWorld): Promise<void> {
  other.freeze();
  await other.frozen();
  const [since] = await world.rows<{ now: string }>('select clock_timestamp()::text as now');
  await world.until(
    `calls of ${one.url}`,
    `select from delivery_attempts where finished_at is null and started_at > $1::timestamptz having count(*) >= ${IN_FLIGHT}`,
    [since?.now],
  );
}

/** Calls that nobody finished, and that were taken for lost when it was time. */
async function leasesThatRanOut(world: FaultWorld): Promise<number> {
  const rows = await world.rows<{ seconds: number }>(
    `select extract(epoch from finished_at - started_at)::float8 as seconds from delivery_attempts where sent_state = 'unknown'`,
  );
  return rows.filter(({ seconds }) => seconds >= LEASE_SECONDS - 1).length;
}

/**
 * The other suites move leases and rings back, so that they need not wait for them. Here nobody moves anything: what waited because of a fault
 * goes on by itself, and in time.
 */
describe('when the faults are over, everything goes on without anybody’s help', () => {
  // Nearly all of it is waiting, so the one waits while the other does.
  it.concurrent.each(['postgres', ...(hasTestRedis ? (['redis'] as const) : [])] as const)(
    `within ${LEASE_SECONDS} s and the time for the backlog, with the queue in %s`,
    async (backend) => {
      const arena = await Arena.open({ backend, perSecond: 50, retryBaseSeconds: RETRY_BASE_SECONDS });
      const { world, sender, postgres, redis } = arena;
      const [lives, dies] = arena.gateways;
      try {
        const began = performance.now();
        await arena.start();
        const slowness = Math.max(1, (performance.now() - began) / 1000 / START_SECONDS);
        await sender.after(50);
        await world.crm.mode({ mode: 'slow', ms: CALL_MS, times: 1_000_000 });
        await callsOf(dies, lives, world);
        await dies.kill();
        lives.thaw();
        await sender.after(25);
        await redis?.flush();
        await sender.after(25);
        await postgres.stop('immediate');
        await sender.after(10);
        await postgres.start();
        await world.crm.mode({ mode: 'ok' });
        await Promise.all(arena.gateways.map((gateway) => gateway.ready()));
        await sender.after(25);
        await sender.stop();

        await world.settled(LEASE_SECONDS + BACKLOG_SECONDS * slowness);
        const acknowledged = arena.acknowledged();
        const findings = await judge(world, {
          acknowledged,
          people: sender.acknowledged,
          redisUrl: redis?.url,
          retryBaseSeconds: RETRY_BASE_SECONDS,
        });
        expect([...sender.broken, ...findings]).toEqual([]);
        expect(await leasesThatRanOut(world)).toBeGreaterThan(0);
      } finally {
        await arena.close();
      }
    },
    1_200_000,
  );
});
