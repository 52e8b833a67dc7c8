/** What waits to be told, and what was told in the last minute. */
export interface Waiting {
  /** Events whose turn it is: of each subject the oldest. */
  readonly turns: number;
  /** All that are due, those behind an older event of their subject as well. */
  readonly due: number;
  /** Calls begun within the last minute, repetitions included. */
  readonly calledInMinute: number;
  readonly summarisedInMinute: boolean;
}

export interface Telling {
  /** How many are sent now, one by one, oldest first. */
  readonly send: number;
  /** true: what is due goes into one summary. */
  readonly summarise: boolean;
}

/**
 * Never a storm: at most `perMinute` calls within any minute, then one summary of what else is due. What comes within a minute of a summary waits
 * for the minute to pass, and is sent one by one if it is little, else summarised again.
 */
export function decideTelling({ turns, due, calledInMinute, summarisedInMinute }: Waiting, perMinute: number): Telling {
  const room = Math.max(0, perMinute - calledInMinute);
  if (room > 0) return { send: Math.min(turns, room), summarise: false };
  return { send: 0, summarise: due > 0 && !summarisedInMinute };
}

/**
 * Gaps after failed calls, in seconds; the first call is made at once. Short at first (a receiver that restarts), a day altogether (one that
 * somebody has to mend); then the event is given up and stays readable.
 */
const GAPS_SECONDS = [5, 30, 120, 600, 1800, 3600, 7200, 14_400, 28_800, 28_800] as const;
/** What a receiver may ask for with Retry-After. */
const LONGEST_WISH_SECONDS = 3600;

/** @param attemptNo of the call that failed, from 1. @returns seconds until the next one; null: given up */
export function gapAfter(attemptNo: number, retryAfterSeconds: number | null): number | null {
  const gap = GAPS_SECONDS[attemptNo - 1];
  if (gap === undefined) return null;
  return Math.max(gap, Math.min(retryAfterSeconds ?? 0, LONGEST_WISH_SECONDS));
}
