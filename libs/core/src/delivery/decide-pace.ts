/** The slowest a service is ever called, so that it can show that it takes more again. */
const SLOWEST_PER_SECOND = 0.1;
/** From here a service that just came back is called faster and faster. */
const RAMP_FROM_PER_SECOND = 2;
/** Twice as fast each second: after ten of them nothing is held back any more. */
const RAMP_SECONDS = 10;
/** After an answer of 429 the pace doubles in this time: half a minute of quiet would bring the next 429, an hour would waste the day. */
const RECOVERS_TWOFOLD_SECONDS = 60;
const FORGOTTEN_AFTER_SECONDS = 10 * RECOVERS_TWOFOLD_SECONDS;

/** Ages are seconds on the clock of whoever keeps the record; null: it never happened. */
export interface PaceFacts {
  /** Calls a second right after the last 429. */
  readonly throttledTo: number | null;
  readonly throttledSecondsAgo: number | null;
  /** Since its breaker closed. */
  readonly recoveredSecondsAgo: number | null;
}

/**
 * Calls a second that a service is given by all processes together, beside the limit it was configured with; null: nothing was taken away.
 *
 * The way back up is a function of time, not of successes, so nobody has to write a row to become faster:
 * - after an answer of 429 at r/s: r · 2^(age / 60 s), forgotten after ten minutes;
 * - after the breaker closed: 2/s · 2^age, for ten seconds. What waited meanwhile does not fall upon a service that just got up.
 */
export function decidePace({ throttledTo, throttledSecondsAgo, recoveredSecondsAgo }: PaceFacts): number | null {
  const paces: number[] = [];
  if (throttledTo !== null && throttledSecondsAgo !== null && throttledSecondsAgo < FORGOTTEN_AFTER_SECONDS)
    paces.push(throttledTo * 2 ** (Math.max(0, throttledSecondsAgo) / RECOVERS_TWOFOLD_SECONDS));
  if (recoveredSecondsAgo !== null && recoveredSecondsAgo < RAMP_SECONDS)
    paces.push(RAMP_FROM_PER_SECOND * 2 ** Math.max(0, recoveredSecondsAgo));
  return paces.length === 0 ? null : Math.min(...paces);
}

/**
 * The pace after an answer of 429: half of what it was.
 * @param current what decidePace says
 * @param seen calls a second that were made when the answer came; what is halved while nothing else is known
 */
export function slowedPace(current: number | null, seen: number): number {
  return Math.max(SLOWEST_PER_SECOND, Math.min(current ?? Infinity, Math.max(seen, 2 * SLOWEST_PER_SECOND)) / 2);
}
