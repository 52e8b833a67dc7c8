import { assertNever } from '../assert-never.js';
import type { HoldReason } from '../pipeline/reason-codes.js';
import type { Verdict } from './classify-answer.js';
import { planRetry, type RetryPlanInput } from './plan-retry.js';

/** What becomes of a delivery after an attempt. `error` is what its `last_error` says. */
export type NextStep =
  | { readonly status: 'DELIVERED' }
  | {
      readonly status: 'RETRYING';
      readonly delaySeconds: number;
      readonly error: string;
      /** The attempt takes no place in the schedule: its destination refused us, whatever the lead was, or we made no call for it. */
      readonly uncounted?: true;
    }
  | { readonly status: 'PERMANENTLY_FAILED'; readonly error: string }
  | { readonly status: 'HELD'; readonly reason: HoldReason; readonly error: string };

/** The verdict on one attempt, seen together with the schedule. */
export function decideNextStep(verdict: Verdict, schedule: Omit<RetryPlanInput, 'retryAfterSeconds'>): NextStep {
  switch (verdict.kind) {
    case 'delivered':
      return { status: 'DELIVERED' };
    case 'refused':
      return { status: 'PERMANENTLY_FAILED', error: verdict.error };
    case 'hold':
      return { status: 'HELD', reason: verdict.reason, error: verdict.error };
    case 'pause':
      // It is claimed again only once the pause is over; the gap keeps a delivery whose pause was lifted at once from turning in a circle.
      return { status: 'RETRYING', delaySeconds: schedule.baseSeconds, error: verdict.error, uncounted: true };
    case 'retry': {
      if (verdict.uncounted === true)
        return { status: 'RETRYING', delaySeconds: schedule.baseSeconds, error: verdict.cause, uncounted: true };
      const plan = planRetry({ ...schedule, retryAfterSeconds: verdict.retryAfterSeconds });
      return plan.kind === 'exhausted'
        ? { status: 'PERMANENTLY_FAILED', error: `Max retries exhausted: ${verdict.cause}` }
        : { status: 'RETRYING', delaySeconds: plan.delaySeconds, error: verdict.cause };
    }
    default:
      return assertNever(verdict);
  }
}
