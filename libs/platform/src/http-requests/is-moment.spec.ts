import { validateSync } from 'class-validator';
import { IsMoment } from './is-moment.js';

class Filter {
  @IsMoment() from!: string;
}

const problemsOf = (from: unknown): string[] =>
  validateSync(Object.assign(new Filter(), { from })).flatMap(({ constraints }) => Object.values(constraints ?? {}));

describe('a moment that is asked for', () => {
  it.each(['2026-11-22', '2026-11-22T08:00Z', '2026-11-22T08:00:00.123456Z', '2026-11-22T08:00:00+02:00', '2026-11-22T08:00:00-12:00'])(
    'may be %s',
    (from) => {
      expect(problemsOf(from)).toEqual([]);
    },
  );

  it.each([
    ['2026-W47-1', 'a week'],
    ['2026-326', 'a day of the year'],
    ['2026-11', 'a month'],
    ['20261122', 'without dashes'],
    ['2026-02-30', 'no day'],
    ['2026-11-22T08:00:00', 'without a zone'],
    ['2026-11-22T08:00:00+23:00', 'a zone Postgres does not know'],
    ['2026-11-22T25:00:00Z', 'no hour'],
    ['yesterday', 'a word'],
    [20261122, 'a number'],
  ])('is not %s: %s', (from) => {
    const problems = problemsOf(from);
    expect(problems.length).toBeGreaterThan(0);
    for (const problem of problems) expect(problem).toMatch(/^from must be a date \(2026-11-22\) or a moment with its zone/);
  });
});
