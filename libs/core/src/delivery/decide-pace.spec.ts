import { decidePace, slowedPace } from './decide-pace.js';

const NOTHING = { throttledTo: null, throttledSecondsAgo: null, recoveredSecondsAgo: null };

describe('the pace of a destination', () => {
  it('is nobody’s business while nothing happened', () => {
    expect(decidePace(NOTHING)).toBeNull();
  });

  it.each([
    [0, 8],
    [60, 16],
    [120, 32],
    [599, 8 * 2 ** (599 / 60)],
    [600, null],
  ])('%d s after an answer of 429 at 8/s: %d', (throttledSecondsAgo, pace) => {
    expect(decidePace({ ...NOTHING, throttledTo: 8, throttledSecondsAgo })).toBe(pace);
  });

  it('stays where it is while a hold lies ahead', () => {
    expect(decidePace({ ...NOTHING, throttledTo: 8, throttledSecondsAgo: -30 })).toBe(8);
  });

  it.each([
    [0, 2],
    [3, 16],
    [10, null],
  ])('%d s after its breaker closed: %d', (recoveredSecondsAgo, pace) => {
    expect(decidePace({ ...NOTHING, recoveredSecondsAgo })).toBe(pace);
  });

  it.each([
    [null, 100, 50],
    [20, 100, 10],
    [20, 4, 2],
    [null, 0, 0.1],
    [0.1, 1, 0.1],
  ])('is halved by an answer of 429: %d, while %d/s were made → %d', (current, seen, pace) => {
    expect(slowedPace(current, seen)).toBe(pace);
  });
});
