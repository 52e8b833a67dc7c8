import { setTimeout as pause } from 'node:timers/promises';
import { FAILPOINTS } from '../../../libs/platform/src/failpoints/failpoint-names.js';
import type { Arena } from './arena.js';
import type { GatewaySlot } from './gateway-slot.js';
import type { Toxic } from './toxics.js';
import type { Seeded } from './seeded.js';

/** Leads a fault lasts for; a frozen server stops the senders too, so it also ends after some time. */
const LASTS_LEADS = [5, 60] as const;
const LASTS_MS = [300, 3000] as const;

export interface Fault {
  readonly name: string;
  /** From the first moment to the last; afterwards everything is as before, but for what the fault destroyed. */
  readonly happen: (arena: Arena, chance: Seeded) => Promise<void>;
}

async function whileItLasts({ sender }: Arena, chance: Seeded): Promise<void> {
  const leads = sender.after(chance.between(...LASTS_LEADS));
  await Promise.race([leads, pause(chance.between(...LASTS_MS))]);
}

/** The second gateway: the first lives through the whole run, so that its memory can be watched. */
const mortal = ({ gateways }: Arena): GatewaySlot => gateways[1];

/** Places that lead to a failpoint in every run; the sweep is not among them. */
const CRASHES = Object.keys(FAILPOINTS).filter((name) => !name.startsWith('sweep_')) as [string, ...string[]];

const OF_PROCESSES: readonly Fault[] = [
  {
    name: 'kill -9 of a gateway',
    happen: async (arena, chance) => {
      const gateway = mortal(arena);
      arena.held.add(gateway);
      await gateway.kill();
      await whileItLasts(arena, chance);
      arena.held.delete(gateway);
    },
  },
  {
    name: 'a gateway that dies at a failpoint',
    happen: async (arena, chance) => {
      const gateway = mortal(arena);
      arena.held.add(gateway);
      await gateway.kill();
      // With work that is due it may die before it says that it listens.
      await gateway.start({ unready: true, failpoints: `${chance.pick(CRASHES)}:kill@${chance.between(1, 20)}` }).catch(() => {});
      await whileItLasts(arena, chance);
      arena.held.delete(gateway);
    },
  },
  {
    name: 'SIGTERM of a gateway',
    happen: async (arena, chance) => {
      const gateway = mortal(arena);
      arena.held.add(gateway);
      await gateway.kill('SIGTERM');
      await whileItLasts(arena, chance);
      arena.held.delete(gateway);
    },
  },
  {
    name: 'a frozen gateway',
    happen: async (arena, chance) => {
      const gateway = mortal(arena);
      if (!gateway.alive) return;
      gateway.freeze();
      await whileItLasts(arena, chance);
      if (gateway.alive) gateway.thaw();
    },
  },
];

const OF_THE_CRM: readonly Fault[] = [
  {
    name: 'kill -9 of the CRM',
    happen: async (arena, chance) => {
      await arena.world.crm.kill('SIGKILL');
      await whileItLasts(arena, chance);
      await arena.world.restartCrm();
    },
  },
  {
    name: 'a CRM that misbehaves',
    happen: async (arena, chance) => {
      const mode = chance.pick(['500', '503', '429', 'reset', 'html', 'slow', '400']);
      await arena.world.crm.mode({ mode, times: chance.between(1, 30) });
      await whileItLasts(arena, chance);
      await arena.world.crm.mode({ mode: 'ok' });
    },
  },
  {
    name: 'a wire to the CRM that is cut',
    happen: async (arena, chance) => {
      const heal = arena.crmWire.add(
        chance.pick<Toxic>([
          { type: 'reset_peer', ms: 0 },
          { type: 'limit_data', bytes: 900 },
          { type: 'latency', ms: 200 },
        ]),
      );
      await whileItLasts(arena, chance);
      heal();
    },
  },
];

const OF_POSTGRES: readonly Fault[] = [
  ...(['fast', 'immediate'] as const).map((mode) => ({
    name: `Postgres restarted ${mode}`,
    happen: async (arena: Arena, chance: Seeded) => {
      await arena.postgres.stop(mode);
      await whileItLasts(arena, chance);
      await arena.postgres.start();
    },
  })),
  { name: 'every session of Postgres terminated', happen: async ({ postgres }) => void (await postgres.terminate()) },
  {
    name: 'a frozen Postgres',
    happen: async (arena, chance) => {
      arena.postgres.freeze();
      await whileItLasts(arena, chance);
      arena.postgres.thaw();
    },
  },
  {
    name: 'a wire to Postgres that is cut',
    happen: async (arena, chance) => {
      arena.postgresWire.down = true;
      await whileItLasts(arena, chance);
      arena.postgresWire.heal();
    },
  },
  {
    name: 'a slow wire to Postgres',
    happen: async (arena, chance) => {
      const heal = arena.postgresWire.add({ type: 'latency', ms: chance.between(5, 60) });
      await whileItLasts(arena, chance);
      heal();
    },
  },
];

const OF_REDIS: readonly Fault[] = [
  { name: 'FLUSHALL', happen: async ({ redis }) => void (await redis?.flush()) },
  {
    name: 'kill -9 of Redis',
    happen: async (arena, chance) => {
      await arena.redis?.stop();
      await whileItLasts(arena, chance);
      await arena.redis?.start();
    },
  },
  {
    name: 'a frozen Redis',
    happen: async (arena, chance) => {
      arena.redis?.freeze();
      await whileItLasts(arena, chance);
      arena.redis?.thaw();
    },
  },
  { name: 'connections to Redis cut', happen: async ({ redisWire }) => void redisWire?.cut() },
];

/** Everything that can happen where the queue is in this backend. */
export function faultsOf(backend: 'redis' | 'postgres'): readonly [Fault, ...Fault[]] {
  const all = [...OF_PROCESSES, ...OF_THE_CRM, ...OF_POSTGRES, ...(backend === 'redis' ? OF_REDIS : [])];
  return all as unknown as [Fault, ...Fault[]];
}
