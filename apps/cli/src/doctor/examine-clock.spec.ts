import type { Pool } from '#platform';
import { examineClock } from './examine-clock.js';
import type { Finding } from './finding.js';

const NOON = Date.UTC(2026, 0, 1, 12) / 1000;

/** What is found of a Postgres that is asked at noon by our clock, answers that moment of its own and needs so long for it. */
async function found({ theirs, seconds }: { theirs: number; seconds: number }, queueIsInPostgres = true): Promise<Finding> {
  let ours = NOON;
  jest.spyOn(Date, 'now').mockImplementation(() => ours * 1000);
  const query = async (): Promise<{ rows: { seconds: number }[] }> => {
    ours += seconds;
    return { rows: [{ seconds: theirs }] };
  };
  return examineClock({ query } as unknown as Pool, queueIsInPostgres);
}

describe('the clock of this machine and that of Postgres', () => {
  afterEach(() => jest.restoreAllMocks());

  it.each([
    { what: 'at once', theirs: NOON, seconds: 0 },
    { what: 'late', theirs: NOON + 8, seconds: 9 },
    { what: 'early, with an answer that is long under way', theirs: NOON, seconds: 9 },
  ])('agree when Postgres looks at its own $what', async (given) => {
    expect(await found(given)).toMatchObject({ level: 'good', says: 'this machine and Postgres agree to 0.0 s' });
  });

  it.each([
    { theirs: NOON + 60, seconds: 1, says: 'is 59.0 s behind' },
    { theirs: NOON - 60, seconds: 1, says: 'is 60.0 s ahead of' },
  ])('do not agree, however long the answer was under way: this one $says', async ({ says, ...given }) => {
    expect(await found(given)).toMatchObject({ level: 'bad', says: expect.stringContaining(says) as string });
    expect(await found(given, false)).toMatchObject({ level: 'warn' });
  });
});
