import { randomUUID } from 'node:crypto';
import type { ConnectionOptions } from 'bullmq';
import { createRedisBackend, setDefaultBackendFactory } from 'bullmq';
import { Redis } from 'ioredis';
import type { Pool } from 'pg';
import { parseConnectionString, sessionName } from '../postgres/connection-string.js';
import { ListenedClient } from '../postgres/listened-client.js';
import { secondsOutside } from '../postgres/server-clock.js';
import type { Logger } from '../logging/logger.js';
import { createListenedBackend } from './listened-backend.js';
import { paced } from './paced-backend.js';

/** The schema of BullMQ's own tables in our Postgres. */
export const QUEUE_SCHEMA = 'bullmq';
/** Injection token. */
export const QUEUE_BACKEND = Symbol('queue backend');

export interface QueueBackend {
  readonly name: 'redis' | 'postgres';
  /** What BullMQ connects with. Ask for it only after `usable()`: a BullMQ object built while its server is away never recovers. */
  connection(): ConnectionOptions;
  /** Resolves to null when queues may be built, else to the sentence that says what is in the way. Never throws; answers within seconds. */
  obstacle(): Promise<string | null>;
  /** As JobQueue says it. */
  incarnation(): Promise<string>;
  close(): Promise<void>;
}

/** Redis where `redisUrl` is given, else BullMQ's own tables in our Postgres. */
export function createQueueBackend(redisUrl: string | undefined, databaseUrl: string, pool: Pool, logger: Logger): QueueBackend {
  return redisUrl === undefined ? postgresBackend(databaseUrl, pool) : redisBackend(redisUrl, logger);
}

function postgresBackend(databaseUrl: string, pool: Pool): QueueBackend {
  setDefaultBackendFactory(paced(createListenedBackend));
  const { poolConfig } = parseConnectionString(databaseUrl);
  return {
    name: 'postgres',
    // BullMQ types `connection` as Redis options only; the Postgres backend reads it as a pool configuration.
    connection: () =>
      ({
        ...poolConfig,
        Client: ListenedClient,
        schema: QUEUE_SCHEMA,
        max: 4,
        application_name: sessionName('leadgate-queue', poolConfig),
      }) as unknown as ConnectionOptions,
    obstacle: async () => {
      try {
        const before = Date.now() / 1000;
        const { rows } = await pool.query<{ theirs: number }>('select extract(epoch from clock_timestamp())::float8 as theirs');
        const seconds = secondsOutside(rows[0]?.theirs ?? 0, before, Date.now() / 1000);
        // BullMQ's Postgres backend compares lock times with the worker's own clock: a worker ahead declares healthy jobs stalled.
        if (Math.abs(seconds) > 2)
          return `this machine's clock differs from the one of Postgres by ${seconds.toFixed(1)} s; synchronise it (NTP), or use REDIS_URL`;
        return null;
      } catch {
        return 'Postgres does not answer';
      }
    },
    // Jobs and the rows they speak of are in one database: they are lost together or not at all.
    incarnation: async () => 'postgres',
    close: async () => {},
  };
}

function redisBackend(redisUrl: string, logger: Logger): QueueBackend {
  setDefaultBackendFactory(paced(createRedisBackend));
  const probe = new Redis(redisUrl, {
    lazyConnect: true,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    connectTimeout: 2000,
    commandTimeout: 2000,
    // ioredis keeps the process alive for this long after `disconnect`, also when it was never connected.
    disconnectTimeout: 100,
    retryStrategy: (times) => Math.min(times * 200, 2000),
  });
  let lastError = '';
  let refusal: string | undefined;
  probe.on('error', (error: Error) => {
    refusal = refusalIn(error);
    if (error.message !== lastError) logger.warn({ component: 'queue' }, `Redis: ${error.message}`);
    lastError = error.message;
  });
  probe.on('ready', () => {
    lastError = '';
    refusal = undefined;
  });
  return {
    name: 'redis',
    connection: () => ({
      url: redisUrl,
      maxRetriesPerRequest: null,
      connectTimeout: 2000,
      retryStrategy: (times: number) => Math.min(times * 200, 2000),
    }),
    obstacle: async () => {
      try {
        if (probe.status === 'wait' || probe.status === 'end') await probe.connect();
        const policy = await maxmemoryPolicy(probe);
        if (policy !== undefined && policy !== 'noeviction')
          return `Redis evicts keys (maxmemory-policy ${policy}), so jobs vanish without an error; set it with: redis-cli config set maxmemory-policy noeviction`;
        return null;
      } catch (error) {
        const code = refusalIn(error) ?? refusal;
        if (code === undefined) return 'Redis does not answer at REDIS_URL';
        return `Redis answers at REDIS_URL, but refuses us (${code}): its user and password must be right, and allowed every command on the keys leadgate:*`;
      }
    },
    incarnation: () => incarnationOf(probe),
    close: async () => {
      probe.disconnect();
    },
  };
}

/** The code of an answer that says no (NOAUTH, WRONGPASS, NOPERM); undefined: it is no such answer. */
function refusalIn(error: unknown): string | undefined {
  return error instanceof Error && error.name === 'ReplyError' ? /^(NOAUTH|WRONGPASS|NOPERM)\b/.exec(error.message)?.[1] : undefined;
}

/** undefined where the server does not tell (managed Redis often refuses CONFIG). */
async function maxmemoryPolicy(redis: Redis): Promise<string | undefined> {
  const info = await redis.info('memory');
  return /^maxmemory_policy:(\S+)/m.exec(info)?.[1];
}

/** Goes when Redis is emptied, and comes back as another one. */
const MARK = 'leadgate:incarnation';

/** The mark says that keys were deleted, the run id that the server was started anew or is another one, whose copy may lag behind. */
async function incarnationOf(redis: Redis): Promise<string> {
  if (redis.status === 'wait' || redis.status === 'end') await redis.connect();
  await redis.set(MARK, randomUUID(), 'NX');
  const [mark, info] = await Promise.all([redis.get(MARK), redis.info('server')]);
  return `${/^run_id:(\S+)/m.exec(info)?.[1]} ${mark}`;
}
