/** `npm test` starts a Redis when there is a redis-server; elsewhere these suites are skipped and it says so. */
const server = process.env['LEADGATE_TEST_REDIS_URL'];

export const describeWithRedis = server === undefined ? describe.skip : describe;

/** A database of this jest worker alone; the files of one worker run one after the other, so empty it first. */
export function testRedisUrl(): string {
  if (server === undefined) throw new Error('There is no Redis in this test run; guard the suite with describeWithRedis.');
  return `${server}/${process.env['JEST_WORKER_ID'] ?? '0'}`;
}
