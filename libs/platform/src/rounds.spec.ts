import { Rounds } from './rounds.js';

const EVERY_MS = 1000;

describe('rounds', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it('look at the start, then each time the pause after the last look is over', async () => {
    let looks = 0;
    const rounds = new Rounds(() => Promise.resolve(void (looks += 1)), EVERY_MS);
    await rounds.start();
    expect(looks).toBe(1);
    await jest.advanceTimersByTimeAsync(EVERY_MS - 1);
    expect(looks).toBe(1);
    await jest.advanceTimersByTimeAsync(1 + EVERY_MS);
    expect(looks).toBe(3);
    await rounds.stop();
    await jest.advanceTimersByTimeAsync(5 * EVERY_MS);
    expect(looks).toBe(3);
  });

  it('are never two at once, and stop waits for the one under way', async () => {
    const told: string[] = [];
    let end = (): void => {};
    const rounds = new Rounds(async () => {
      told.push('began');
      await new Promise<void>((resolve) => (end = resolve));
      told.push('ended');
    }, EVERY_MS);
    const first = rounds.now();
    const second = rounds.now();
    await jest.advanceTimersByTimeAsync(0);
    expect(told).toEqual(['began']);
    end();
    await first;
    await jest.advanceTimersByTimeAsync(0);
    expect(told).toEqual(['began', 'ended', 'began']);
    const stopped = rounds.stop().then(() => told.push('stopped'));
    end();
    await Promise.all([second, stopped]);
    expect(told.slice(3)).toEqual(['ended', 'stopped']);
  });
});
