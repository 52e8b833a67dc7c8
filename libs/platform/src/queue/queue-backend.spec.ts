import type { Pool } from 'pg';
import { pino } from 'pino';
import { createQueueBackend } from './queue-backend.js';

const NOON = Date.UTC(2026, 0, 1, 12) / 1000;

/** What is in the way of a queue in Postgres that is asked at noon by our clock, answers that moment of its own and needs so long for it. */
async function obstacle({ theirs, seconds }: { theirs: number; seconds: number }): Promise<string | null> {
  let ours = NOON;
  jest.spyOn(Date, 'now').mockImplementation(() => ours * 1000);
  const query = async (): Promise<{ rows: { theirs: number }[] }> => {
    ours += seconds;
    return { rows: [{ theirs }] };
  };
  const url = 'postgresql://app@127.0.0.1/leads';
  return createQueueBackend(undefined, url, { query } as unknown as Pool, pino({ level: 'silent' })).obstacle();
}

describe('the clock of a queue in Postgres', () => {
  afterEach(() => jest.restoreAllMocks());

  it.each([
    { what: 'the same', theirs: NOON, seconds: 0 },
    { what: 'looked at late, by a server that is slow', theirs: NOON + 7, seconds: 8 },
    { what: 'looked at early, with an answer that is long under way', theirs: NOON, seconds: 8 },
    { what: 'a second ahead', theirs: NOON + 1, seconds: 0 },
  ])('$what: nothing is in the way', async (given) => {
    expect(await obstacle(given)).toBeNull();
  });

  it.each([
    { what: 'ahead', theirs: NOON + 60, seconds: 1, says: 'by 59.0 s' },
    { what: 'behind', theirs: NOON - 60, seconds: 1, says: 'by -60.0 s' },
  ])('$what, however long the answer was under way: it is said', async ({ says, ...given }) => {
    expect(await obstacle(given)).toContain(says);
  });
});
