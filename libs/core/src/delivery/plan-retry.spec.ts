import { DEFAULT_RETRY_MULTIPLES, planRetry, type RetryPlanInput } from './plan-retry.js';

const aPlan = (given: Partial<RetryPlanInput>) =>
  planRetry({ attemptNo: 1, multiples: DEFAULT_RETRY_MULTIPLES, baseSeconds: 30, retryAfterSeconds: null, jitter: null, ...given });

describe('planRetry', () => {
  it.each([
    { attemptNo: 1, seconds: 30 },
    { attemptNo: 2, seconds: 60 },
    { attemptNo: 3, seconds: 120 },
    { attemptNo: 4, seconds: 240 },
    { attemptNo: 5, seconds: 480 },
  ])('waits $seconds s after failed attempt $attemptNo', ({ attemptNo, seconds }) => {
    expect(aPlan({ attemptNo })).toEqual({ kind: 'retry', delaySeconds: seconds });
  });

  it('makes six attempts and no more', () => {
    expect(aPlan({ attemptNo: 6 })).toEqual({ kind: 'exhausted' });
    expect(aPlan({ attemptNo: 7 })).toEqual({ kind: 'exhausted' });
  });

  it.each([
    { description: 'longer than the gap: it wins', asked: 120, seconds: 120 },
    { description: 'shorter than the gap: the gap stays', asked: 5, seconds: 30 },
    { description: 'zero: the gap stays', asked: 0, seconds: 30 },
    { description: 'exactly 120 base gaps', asked: 3600, seconds: 3600 },
    { description: 'beyond 120 base gaps: capped', asked: 1_000_000_000, seconds: 3600 },
  ])('Retry-After $description', ({ asked, seconds }) => {
    expect(aPlan({ retryAfterSeconds: asked })).toEqual({ kind: 'retry', delaySeconds: seconds });
  });

  it('does not prolong the schedule: an exhausted delivery stays exhausted whatever Retry-After says', () => {
    expect(aPlan({ attemptNo: 6, retryAfterSeconds: 10 })).toEqual({ kind: 'exhausted' });
  });

  it('scales with the base, and the cap with it', () => {
    expect(aPlan({ baseSeconds: 0.1, attemptNo: 2 })).toEqual({ kind: 'retry', delaySeconds: 0.2 });
    expect(aPlan({ baseSeconds: 0.1, retryAfterSeconds: 120 })).toEqual({ kind: 'retry', delaySeconds: 12 });
  });

  it.each([
    { jitter: 0, seconds: 24 },
    { jitter: 0.5, seconds: 30 },
    { jitter: 0.999999, seconds: 36 },
  ])('moves the gap by up to 20 % with jitter $jitter', ({ jitter, seconds }) => {
    const plan = aPlan({ jitter });
    expect(plan.kind === 'retry' && plan.delaySeconds).toBeCloseTo(seconds, 3);
  });

  it('never lets jitter cut a Retry-After short', () => {
    expect(aPlan({ jitter: 0, retryAfterSeconds: 29 })).toEqual({ kind: 'retry', delaySeconds: 29 });
  });

  it('follows a destination with a schedule of its own', () => {
    expect(aPlan({ multiples: [0, 3], attemptNo: 1 })).toEqual({ kind: 'retry', delaySeconds: 0 });
    expect(aPlan({ multiples: [0, 3], attemptNo: 3 })).toEqual({ kind: 'exhausted' });
    expect(aPlan({ multiples: [], attemptNo: 1 })).toEqual({ kind: 'exhausted' });
  });
});
