import { RateLimiter } from './rate-limiter.js';

function limiterAt(limit: number) {
  const clock = { now: 0 };
  const limiter = new RateLimiter(() => clock.now);
  const taken = (sender: string, times: number): number =>
    Array.from({ length: times }, () => limiter.take(sender, limit)).filter(({ allowed }) => allowed).length;
  return { clock, limiter, taken };
}

it('lets a sender do exactly so many in the minute that begins with its first request', () => {
  const { clock, taken } = limiterAt(100);
  expect(taken('a', 150)).toBe(100);
  clock.now = 59_999;
  expect(taken('a', 1)).toBe(0);
  clock.now = 60_000;
  expect(taken('a', 150)).toBe(100);
});

it('senders do not share', () => {
  const { taken } = limiterAt(2);
  expect([taken('a', 3), taken('b', 3)]).toEqual([2, 2]);
});

it('says when to come again', () => {
  const { clock, limiter } = limiterAt(1);
  limiter.take('a', 1);
  clock.now = 10_001;
  expect(limiter.take('a', 1)).toEqual({ allowed: false, limit: 1, windowSeconds: 60, resetSeconds: 50 });
});

it('0 is no limit', () => expect(limiterAt(0).taken('a', 1000)).toBe(1000));

it('remembers a bounded number of senders and forgets the oldest first', () => {
  const { taken } = limiterAt(1);
  for (let sender = 0; sender < 10_001; sender += 1) taken(`${sender}`, 1);
  expect(taken('10000', 1)).toBe(0);
  expect(taken('5000', 1)).toBe(0);
  expect(taken('0', 1)).toBe(1);
});
