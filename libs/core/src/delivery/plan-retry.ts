/** Gaps after the 1st, 2nd … failed attempt, in multiples of LEADGATE_RETRY_BASE_SECONDS. */
export const DEFAULT_RETRY_MULTIPLES: readonly number[] = [1, 2, 4, 8, 16];

/**
 * The same after failed fetches: ten gaps, 8 h 4 min with the default base. Longer, because what a source keeps for us is not lost while
 * we wait (Meta: 90 days), and its limits on calls run for an hour or a day.
 */
export const FETCH_RETRY_MULTIPLES: readonly number[] = [1, 2, 4, 8, 16, 32, 64, 120, 240, 480];

/** A `Retry-After` holds at most this many base gaps: 1 h with the default base of 30 s. */
export const RETRY_AFTER_CAP_MULTIPLE = 120;

/** Share of the gap by which jitter moves it, up or down. */
const JITTER = 0.2;

export interface RetryPlanInput {
  /** The attempt that failed, from 1. */
  readonly attemptNo: number;
  readonly multiples: readonly number[];
  readonly baseSeconds: number;
  /** What the destination asked for, or null. */
  readonly retryAfterSeconds: number | null;
  /** A number in [0, 1) drawn by the caller, or null for no jitter. */
  readonly jitter: number | null;
}

export type RetryPlan = { readonly kind: 'retry'; readonly delaySeconds: number } | { readonly kind: 'exhausted' };

/**
 * When the next attempt is due. With the default schedule and a base of 30 s:
 *
 * | failed attempt | next one after | since the first |
 * |----------------|----------------|-----------------|
 * | 1              | 30 s           | 30 s            |
 * | 2              | 60 s           | 1 min 30 s      |
 * | 3              | 120 s          | 3 min 30 s      |
 * | 4              | 240 s          | 7 min 30 s      |
 * | 5              | 480 s          | 15 min 30 s     |
 * | 6              | never: exhausted                 |
 *
 * `Retry-After` wins when it is longer, up to 120 base gaps; it never shortens a gap. Jitter moves the gap by up to 20 % and is for
 * destinations with the `standard` answers only: the `plain` contract names exact gaps.
 */
export function planRetry({ attemptNo, multiples, baseSeconds, retryAfterSeconds, jitter }: RetryPlanInput): RetryPlan {
  const multiple = multiples[attemptNo - 1];
  if (multiple === undefined) return { kind: 'exhausted' };
  const gap = multiple * baseSeconds * (jitter === null ? 1 : 1 + JITTER * (2 * jitter - 1));
  const asked = Math.min(retryAfterSeconds ?? 0, RETRY_AFTER_CAP_MULTIPLE * baseSeconds);
  return { kind: 'retry', delaySeconds: Math.max(gap, asked) };
}
