import { Redis } from 'ioredis';
import type { Settings } from '#platform';
import { bad, good, type Finding, warn } from './finding.js';

const ABOUT = 'cache';
const LIMIT_MS = 2000;
const MEND_MEMORY = 'set its maxmemory, and its maxmemory-policy to allkeys-lru';

/** The Redis of the accelerator: does it answer, is its memory bounded, may it forget, and is it another one than the queue's? */
export async function examineCache({ dedup, redis: queue }: Settings): Promise<Finding[]> {
  const { accelerators, cacheUrl } = dedup;
  if (!accelerators.includes('redis')) {
    return cacheUrl === undefined
      ? []
      : [
          warn(
            ABOUT,
            'REDIS_CACHE_URL is set, but LEADGATE_CLAIM_ACCELERATORS does not name redis, so nothing uses it',
            'remove one or set the other',
          ),
        ];
  }
  if (cacheUrl === undefined) return [];
  const redis = clientOf(cacheUrl);
  try {
    await redis.connect();
    const memory = await redis.info('memory');
    return judge(memory, queue.url !== undefined && (await isSameServer(redis, queue.url)));
  } catch {
    return [
      warn(
        ABOUT,
        'Redis does not answer at REDIS_CACHE_URL',
        'until it does every look-up of duplicates goes to Postgres, which only takes longer; start it or correct the setting',
      ),
    ];
  } finally {
    redis.disconnect();
  }
}

function judge(memory: string, isTheQueues: boolean): Finding[] {
  const limit = Number(/^maxmemory:(\d+)/m.exec(memory)?.[1] ?? Number.NaN);
  const policy = /^maxmemory_policy:(\S+)/m.exec(memory)?.[1];
  const findings: Finding[] = [];
  if (isTheQueues)
    findings.push(bad(ABOUT, 'REDIS_CACHE_URL is the Redis of the queue, which must never forget', 'give the cache a Redis of its own'));
  if (limit === 0) findings.push(warn(ABOUT, 'its memory has no limit (maxmemory 0)', MEND_MEMORY));
  if (policy === 'noeviction')
    findings.push(warn(ABOUT, 'it keeps everything until it is full (maxmemory-policy noeviction)', MEND_MEMORY));
  return findings.length > 0 ? findings : [good(ABOUT, 'the cache of claims answers, its memory is bounded and it may forget')];
}

/** By what the server says of itself: one server has many addresses. */
async function isSameServer(cache: Redis, queueUrl: string): Promise<boolean> {
  const queue = clientOf(queueUrl);
  try {
    await queue.connect();
    const runId = (info: string): string | undefined => /^run_id:(\S+)/m.exec(info)?.[1];
    const [one, other] = [runId(await cache.info('server')), runId(await queue.info('server'))];
    return one !== undefined && one === other;
  } catch {
    // That it does not answer is said of the queue.
    return false;
  } finally {
    queue.disconnect();
  }
}

/** Asks once and does not try again. */
function clientOf(url: string): Redis {
  const redis = new Redis(url, {
    lazyConnect: true,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    connectTimeout: LIMIT_MS,
    commandTimeout: LIMIT_MS,
    disconnectTimeout: 100,
    retryStrategy: () => null,
  });
  // Node would end the process over an error nobody listens for; what was asked rejects too.
  redis.on('error', () => {});
  return redis;
}
