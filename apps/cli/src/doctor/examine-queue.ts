import { createLogger, createQueueBackend, type Pool } from '#platform';
import { bad, good, type Finding } from './finding.js';

const ABOUT = 'queue';

/** Redis where REDIS_URL names one: does it answer, and does it keep what it is given? */
export async function examineRedis(redisUrl: string | undefined, databaseUrl: string, pool: Pool): Promise<Finding> {
  if (redisUrl === undefined)
    return good(ABOUT, 'the queue is in Postgres (REDIS_URL is not set), which is enough for some hundred leads a second');
  const backend = createQueueBackend(redisUrl, databaseUrl, pool, createLogger('silent', false));
  try {
    const obstacle = await backend.obstacle();
    return obstacle === null
      ? good(ABOUT, 'Redis answers and never evicts a job (maxmemory-policy noeviction)')
      : bad(
          ABOUT,
          obstacle,
          'until then leads are accepted and wait in Postgres; start Redis, correct REDIS_URL, or set its maxmemory-policy to noeviction',
        );
  } finally {
    await backend.close();
  }
}
