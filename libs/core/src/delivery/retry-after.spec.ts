import { parseRetryAfter } from './retry-after.js';

const NOON = Date.parse('2026-11-22T12:00:00Z');
const read = (retryAfter: string | undefined, date?: string) => parseRetryAfter({ retryAfter, date }, NOON);

describe('parseRetryAfter', () => {
  it.each([
    ['120', 120],
    ['0', 0],
    [' 7 ', 7],
    ['1.5', 1.5],
    ['1000000000', 1_000_000_000],
    ['99999999999999999999', 2_147_483_647],
    ['Sun, 22 Nov 2026 12:02:00 GMT', 120],
    ['Sunday, 22-Nov-26 12:02:00 GMT', 120],
    ['Sun Nov 22 12:02:00 2026', 120],
    ['Sun, 22 Nov 2026 11:00:00 GMT', 0],
  ])('reads %j as %d s', (header, seconds) => {
    expect(read(header)).toBe(seconds);
  });

  it.each([
    [undefined],
    [''],
    ['soon'],
    ['invalid'],
    ['-5'],
    ['1e9'],
    ['+5'],
    ['5 s'],
    ['0x10'],
    ['Infinity'],
    ['2026-11-22T12:02:00Z'],
    ['Sun, 99 Nov 2026 12:02:00 GMT'],
    ['9'.repeat(4000)],
  ])('takes %p for no wish', (header) => {
    expect(read(header)).toBeNull();
  });

  it("counts a date from the answer's own Date, so that no clock has to be right", () => {
    expect(read('Mon, 01 Jan 2001 00:01:30 GMT', 'Mon, 01 Jan 2001 00:00:00 GMT')).toBe(90);
    expect(read('Sun, 22 Nov 2026 12:02:00 GMT', 'yesterday')).toBe(120);
  });
});
