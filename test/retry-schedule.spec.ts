import { classifyAnswer, decideNextStep, leadStatusOf, parseRetryAfter, planRetry, type NextStep, type Signal } from '#core';
import { FIRST_ANSWERS, GAPS, RETRY_AFTER, SEQUENCES, type FirstAnswer } from './fixtures/retry-schedule.js';

const DEMO = { multiples: [1, 2, 4, 8, 16], baseSeconds: 30, jitter: null };

function signalOf(answer: FirstAnswer): Signal {
  if (answer === 'timeout') return { kind: 'unknown', cause: 'no answer' };
  if (answer === 'connect_error') return { kind: 'not_sent', cause: 'connection refused' };
  return { kind: 'answered', statusCode: answer, successRule: answer >= 200 && answer < 300, retryAfterSeconds: null };
}

const stepAfter = (answer: FirstAnswer, attemptNo: number): NextStep =>
  decideNextStep(classifyAnswer('plain', 'keyed', signalOf(answer)), { ...DEMO, attemptNo });

describe('the retry behaviour old clients rely on', () => {
  it.each(GAPS)('$id: gap after $failedAttempts failed attempts', ({ failedAttempts, base, multiples, expect: seconds }) => {
    const plan = planRetry({ attemptNo: failedAttempts, multiples, baseSeconds: base, retryAfterSeconds: null, jitter: null });
    expect(plan).toEqual(seconds === null ? { kind: 'exhausted' } : { kind: 'retry', delaySeconds: seconds });
  });

  it.each(FIRST_ANSWERS)('$id: $answer makes the lead $expect', ({ answer, expect: leadStatus }) => {
    expect(leadStatusOf([{ status: stepAfter(answer, 1).status, attemptNo: 1 }])).toBe(leadStatus);
  });

  it.each(SEQUENCES)('$id: $answers', ({ answers, attempts, expect: leadStatus }) => {
    const steps = answers.map((answer, index) => stepAfter(answer, index + 1));
    expect(steps).toHaveLength(attempts);
    expect(steps.slice(0, -1).every(({ status }) => status === 'RETRYING')).toBe(true);
    expect(steps.at(-1)?.status).toBe(leadStatus);
  });

  it.each(RETRY_AFTER)('$id: Retry-After: $header', ({ header, expect: seconds }) => {
    expect(parseRetryAfter({ retryAfter: header, date: undefined }, 0)).toBe(seconds);
    const plan = planRetry({ ...DEMO, attemptNo: 1, retryAfterSeconds: seconds });
    expect(plan).toEqual({ kind: 'retry', delaySeconds: 30 });
  });
});
