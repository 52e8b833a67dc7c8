import type { CallBudget } from './call-budgets.port.js';

/** The limits of a destination, as configured. */
export interface CallLimits {
  /** Calls in flight at once, of all processes together; null: each process has its own limit. */
  readonly concurrency: number | null;
  readonly concurrencyPerProcess: number;
  /** Calls a second of all processes together; null: no limit. */
  readonly ratePerSecond: number | null;
}

/** What of it falls to one process for the next second. */
export interface CallShare {
  readonly concurrency: number;
  readonly perSecond: number | null;
}

/**
 * The shares add up to the limit. Each process has at least one call at a time: more processes than calls allowed would else leave a destination
 * to whoever came first. A process that has just come makes the shares too large for as long as the others' leases run, a second at most.
 */
export function decideShare(limits: CallLimits, { processes, place, callsPerSecond }: CallBudget): CallShare {
  const rate = Math.min(limits.ratePerSecond ?? Infinity, callsPerSecond ?? Infinity);
  return {
    concurrency: limits.concurrency === null ? limits.concurrencyPerProcess : Math.max(1, shareOf(limits.concurrency, processes, place)),
    perSecond: rate === Infinity ? null : rate / processes,
  };
}

function shareOf(limit: number, processes: number, place: number): number {
  return Math.floor(limit / processes) + (place < limit % processes ? 1 : 0);
}
