import { Redis } from 'ioredis';
import { pino } from 'pino';
import type { Pool } from 'pg';
import { createQueueBackend, type QueueBackend } from '#platform';
import { type CacheRedis, startCacheRedis } from '../support/cache-redis.js';
import { eventually, LIMIT_SECONDS } from '../support/eventually.js';

const noDatabase = {} as Pool;

describe('a queue in Redis', () => {
  let redis: CacheRedis;
  const backends: QueueBackend[] = [];

  beforeAll(async () => {
    redis = await startCacheRedis({ maxmemory: '0', 'maxmemory-policy': 'noeviction' });
  });
  afterEach(async () => {
    await Promise.all(backends.splice(0).map((backend) => backend.close()));
  });
  afterAll(() => redis.stop());

  function backendOf(url = redis.url): QueueBackend {
    const backend = createQueueBackend(url, 'postgres://nobody@127.0.0.1:1/none', noDatabase, pino({ level: 'silent' }));
    backends.push(backend);
    return backend;
  }
  const ask = async (work: (client: Redis) => Promise<unknown>): Promise<void> => {
    const client = new Redis(redis.url);
    await work(client).finally(() => client.disconnect());
  };
  const asUser = (name: string, password: string): string => redis.url.replace('redis://', `redis://${name}:${password}@`);
  const answerOf = (backend: QueueBackend): Promise<string> =>
    eventually('Redis answers', () => backend.incarnation().catch(() => undefined));

  /** Asked again, because a Redis that takes two seconds to answer counts as away. */
  async function says(backend: QueueBackend, what: (obstacle: string | null) => boolean): Promise<void> {
    let last: string | null;
    await eventually(
      'it says so',
      async () => (what((last = await backend.obstacle())) ? true : undefined),
      LIMIT_SECONDS,
      () => `It says: ${last}`,
    );
  }

  it('is the same one for every process, until it is emptied or its server is started anew', async () => {
    const [one, other] = [backendOf(), backendOf()];
    const first = await answerOf(one);
    expect(await answerOf(other)).toBe(first);
    expect(await answerOf(one)).toBe(first);
    await redis.flush();
    const emptied = await answerOf(other);
    expect(emptied).not.toBe(first);
    expect(await answerOf(one)).toBe(emptied);
    await redis.stop();
    await redis.start();
    expect(await answerOf(one)).not.toBe(emptied);
  });

  it('needs no other keys than those of the queue', async () => {
    await ask((client) => client.call('ACL', 'SETUSER', 'queue', 'on', '>right', '~leadgate:*', '+@all'));
    const backend = backendOf(asUser('queue', 'right'));
    await says(backend, (obstacle) => obstacle === null);
    expect(await answerOf(backend)).toMatch(/^\w+ [\w-]+$/);
  });

  it('that refuses us is not said to be away', async () => {
    await ask((client) => client.call('ACL', 'SETUSER', 'queue', 'on', '>right', '~leadgate:*', '+@all', '-info'));
    for (const [password, code] of [
      ['right', 'NOPERM'],
      ['wrong', 'WRONGPASS'],
    ] as const)
      await says(backendOf(asUser('queue', password)), (obstacle) => obstacle?.includes(`refuses us (${code})`) === true);
    await redis.stop();
    expect(await backendOf().obstacle()).toBe('Redis does not answer at REDIS_URL');
  });
});
