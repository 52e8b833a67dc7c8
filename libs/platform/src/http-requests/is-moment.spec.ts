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
    { from: '2026-W47-1', why: 'a week' },
    { from: '2026-326', why: 'a day of the year' },
    { from: '2026-11', why: 'a month' },
    { from: '20261122', why: 'without dashes' },
    { from: '2026-02-30', why: 'no day' },
    { from: '2026-11-22T08:00:00', why: 'without a zone' },
    { from: '2026-11-22T08:00:00+23:00', why: 'a zone Postgres does not know' },
    { from: '2026-11-22T25:00:00Z', why: 'no hour' },
    { from: 'yesterday', why: 'a word' },
    { from: 20261122, why: 'a number' },
  ])('is not $from: $why', ({ from }) => {
    const problems = problemsOf(from);
    expect(problems.length).toBeGreaterThan(0);
    for (const problem of problems) expect(problem).toMatch(/^from must be a date \(2026-11-22\) or a moment with its zone/);
  });
});
