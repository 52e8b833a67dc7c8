import { UsageProblem } from './command.js';
import { momentOf } from './period.js';

const NOW = Date.parse('2026-11-22T12:00:00Z');

describe('a moment on the command line', () => {
  it.each([
    ['90m', '2026-11-22T10:30:00.000Z'],
    ['24h', '2026-11-21T12:00:00.000Z'],
    ['7d', '2026-11-15T12:00:00.000Z'],
    ['2w', '2026-11-08T12:00:00.000Z'],
    ['2026-11-20', '2026-11-20T00:00:00.000Z'],
    ['2026-11-20T08:00', '2026-11-20T08:00:00.000Z'],
    ['2026-11-20T08:00:00+01:00', '2026-11-20T07:00:00.000Z'],
  ])('%s', (text, moment) => {
    expect(new Date(momentOf('since', text, NOW)).toISOString()).toBe(moment);
  });
  it.each(['', 'yesterday', '24', '24s', '2026', '2026-13-40', '-5h'])('refuses "%s" and says what it may be', (text) => {
    expect(() => momentOf('since', text, NOW)).toThrow(UsageProblem);
  });
});
