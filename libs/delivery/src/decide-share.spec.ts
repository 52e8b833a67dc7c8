import { decideShare, type CallLimits } from './decide-share.js';

const LIMITS: CallLimits = { concurrency: 10, concurrencyPerProcess: 32, ratePerSecond: 9 };
const alone = { processes: 1, place: 0, callsPerSecond: null };

describe('what falls to one process', () => {
  it.each([
    ['all of it, when it is alone', LIMITS, alone, { concurrency: 10, perSecond: 9 }],
    ['a third of it for each of three', LIMITS, { ...alone, processes: 3, place: 1 }, { concurrency: 3, perSecond: 3 }],
    ['one call at least', LIMITS, { ...alone, processes: 20, place: 19 }, { concurrency: 1, perSecond: 0.45 }],
    ['what 429 left of it', LIMITS, { processes: 2, place: 0, callsPerSecond: 4 }, { concurrency: 5, perSecond: 2 }],
    ['no more than was configured, however much 429 left', LIMITS, { ...alone, callsPerSecond: 50 }, { concurrency: 10, perSecond: 9 }],
    [
      'its own limit where none is shared',
      { ...LIMITS, concurrency: null, ratePerSecond: null },
      { ...alone, processes: 3 },
      { concurrency: 32, perSecond: null },
    ],
  ])('%s', (_description, limits, budget, share) => {
    expect(decideShare(limits, budget)).toEqual(share);
  });

  it.each([1, 2, 3, 4, 7, 10])('adds up to the limits over %i processes', (processes) => {
    const shares = Array.from({ length: processes }, (_, place) => decideShare(LIMITS, { processes, place, callsPerSecond: null }));
    expect(shares.reduce((sum, { concurrency }) => sum + concurrency, 0)).toBe(10);
    expect(shares.reduce((sum, { perSecond }) => sum + (perSecond ?? 0), 0)).toBeCloseTo(9);
  });
});
