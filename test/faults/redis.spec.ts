import { Redis } from 'ioredis';
import { type CacheRedis, startCacheRedis } from '../support/cache-redis.js';
import { eventually } from '../support/eventually.js';
import { hasTestRedis } from '../support/test-redis.js';
import { acceptLead, FaultWorld } from './support/fault-world.js';
import type { GatewaySlot } from './support/gateway-slot.js';
import { judge } from './support/oracle.js';

const LEADS = 60;

interface Health {
  readonly components: Readonly<Record<string, { readonly status: string; readonly detail?: string }>>;
}

/**
 * One gateway and a Redis of its own, through everything that can happen to a Redis. The door never closes for it, and nobody has to do
 * anything afterwards: what is due in Postgres is rung again.
 */
(hasTestRedis ? describe : describe.skip)('the queue is lost, and nothing else', () => {
  let redis: CacheRedis;
  let world: FaultWorld;
  let gateway: GatewaySlot;
  const acknowledged: string[] = [];
  let people = 0;

  beforeAll(async () => {
    redis = await startCacheRedis({ maxmemory: '0', 'maxmemory-policy': 'noeviction' });
    world = await FaultWorld.open({ redisUrl: redis.url });
    gateway = world.slot();
    await gateway.start();
    await queueIs('up');
  });
  afterAll(async () => {
    await world?.close();
    redis?.thaw();
    await redis?.stop();
  });

  /** Every one of them is accepted, whatever state the queue is in. */
  async function send(count = LEADS): Promise<string[]> {
    const ids = await Promise.all(Array.from({ length: count }, () => acceptLead(gateway.url, (people += 1))));
    acknowledged.push(...ids);
    return ids;
  }

  async function ask<T>(work: (client: Redis) => Promise<T>): Promise<T> {
    const client = new Redis(redis.url);
    try {
      return await work(client);
    } finally {
      client.disconnect();
    }
  }

  const queueIs = (wanted: 'up' | 'down', why = ''): Promise<true> =>
    eventually(`the queue is ${wanted} ${why}`, async () => {
      const { components } = (await (await fetch(`${gateway.url}/health`)).json()) as Health;
      const queue = components['queue'];
      return (queue?.status === 'up') === (wanted === 'up') && (queue?.detail ?? '').includes(why) ? true : undefined;
    });

  /** What the luckiest and half of the senders wait at most: a machine may stand still for a moment. */
  async function answerMs(): Promise<{ least: number; usual: number }> {
    const took: number[] = [];
    for (let n = 0; n < 11; n += 1) {
      const began = performance.now();
      await send(1);
      took.push(performance.now() - began);
    }
    took.sort((one, other) => one - other);
    return { least: took[0] ?? Number.POSITIVE_INFINITY, usual: took[5] ?? 0 };
  }

  /** Calls that are under way take longer than a slow machine needs to see that they are. */
  const slowCrm = (): Promise<void> => world.crm.mode({ mode: 'slow', ms: 5000, times: LEADS });

  it('F33 F34: FLUSHALL with a backlog, while jobs are active', async () => {
    await slowCrm();
    await send();
    await world.until('calls are under way', `select from deliveries where status = 'SENDING'`);
    await redis.flush();
    await send();
    await world.settled();
  });

  it('F35 F38: killed without a copy on disk, away for longer than a worker waits for a job, and back empty', async () => {
    await slowCrm();
    await send();
    await redis.stop();
    await send();
    // BullMQ's workers ask every 5 s; what is not rung by then is on nobody's list.
    await eventually('it was noticed', async () => (gateway.output().includes('Redis does not answer') ? true : undefined));
    await send();
    await redis.start();
    await queueIs('up');
    await send();
    await world.settled();
  });

  it('F39: frozen: the door answers as fast as ever', async () => {
    const { usual } = await answerMs();
    redis.freeze();
    // Calls that waited for the queue would take the 2 s after which one is given up, all of them: on a machine that is slow just now, too.
    expect((await answerMs()).least).toBeLessThan(usual + 1500);
    redis.thaw();
    await world.settled();
  });

  it('F36: full: nothing can be rung, the door stays open, and there is room again', async () => {
    await ask((client) => client.config('SET', 'maxmemory', '1'));
    await send();
    await eventually('a ring failed', async () => (/ring failed.*OOM|OOM.*ring failed/.test(gateway.output()) ? true : undefined));
    await ask((client) => client.config('SET', 'maxmemory', '0'));
    await world.settled();
  });

  it('F37: an eviction policy under which jobs vanish: workers refuse it and say so, the door stays open', async () => {
    await gateway.kill('SIGTERM');
    await ask((client) => client.config('SET', 'maxmemory-policy', 'allkeys-lru'));
    await gateway.start();
    await queueIs('down', 'maxmemory-policy');
    const ids = await send(5);
    expect(await world.rows(`select from leads where id = any($1::uuid[]) and status <> 'RECEIVED'`, [ids])).toHaveLength(0);
    await ask((client) => client.config('SET', 'maxmemory-policy', 'noeviction'));
    await queueIs('up');
    await world.settled();
  });

  it('and in the end nothing is lost, doubled or changed', async () => {
    expect(await judge(world, { acknowledged, redisUrl: redis.url })).toEqual([]);
    // No call was in doubt, so nothing was sent twice: a lost queue is not a lost answer.
    expect((await world.crm.requests()).length).toBe(acknowledged.length);
  });
});
