import { Redis } from 'ioredis';

/** `npm test` starts a Redis when there is a redis-server; elsewhere these suites are skipped and it says so. */
const server = process.env['LEADGATE_TEST_REDIS_URL'];

export const hasTestRedis = server !== undefined;

/** A database of this jest worker alone; the files of one worker run one after the other, so empty it first. */
export function testRedisUrl(): string {
  if (server === undefined) throw new Error('There is no Redis in this test run; ask hasTestRedis first.');
  return `${server}/${process.env['JEST_WORKER_ID'] ?? '0'}`;
}

export async function emptyTestRedis(): Promise<void> {
  const redis = new Redis(testRedisUrl());
  await redis.flushdb();
  redis.disconnect();
}
