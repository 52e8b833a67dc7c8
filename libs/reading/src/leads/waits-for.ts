import type { BreakerState, DeliveryStatus } from '#core';

/**
 * What has to happen before a delivery goes on, in the order in which it is asked.
 * - `person`: it is held; somebody decides about it (`redeliver`, `reprocess`).
 * - `answer`: a call is under way.
 * - `resume`: its destination is paused, until somebody mends it or resumes it.
 * - `quiet`: its destination asked to be left alone.
 * - `probe`: calls to its destination failed; one call finds out whether it works again.
 * - `time`: its own next attempt is later.
 * - `turn`: it is due, and sent as soon as those before it are.
 */
export const WAITS_FOR = ['person', 'answer', 'resume', 'quiet', 'probe', 'time', 'turn'] as const;

export interface WaitsFor {
  readonly what: (typeof WAITS_FOR)[number];
  /** When it is over by itself; null: nobody can say. */
  readonly until: Date | null;
  /** A code: why it is held, or why its destination is paused. */
  readonly reason: string | null;
}

export interface WaitingDelivery {
  readonly status: DeliveryStatus;
  readonly holdReason: string | null;
  readonly nextAttemptAt: Date;
  readonly supersededAt: Date | null;
}

/** What is remembered of its destination. */
export interface ServiceStanding {
  readonly state: BreakerState;
  readonly probeAt: Date | null;
  readonly probeUntil: Date | null;
  readonly holdUntil: Date | null;
  readonly pausedAt: Date | null;
  readonly pauseReason: string | null;
}

/** @returns null for a delivery that waits for nothing: it came to an end, or another one took its place */
export function waitsFor(delivery: WaitingDelivery, service: ServiceStanding | undefined, now: Date): WaitsFor | null {
  const { status, holdReason, nextAttemptAt, supersededAt } = delivery;
  if (supersededAt !== null || status === 'DELIVERED' || status === 'PERMANENTLY_FAILED') return null;
  if (status === 'HELD') return { what: 'person', until: null, reason: holdReason };
  if (status === 'SENDING') return { what: 'answer', until: null, reason: null };
  const barred = service === undefined ? null : barredBy(service, now);
  if (barred !== null && (barred.until === null || barred.until > nextAttemptAt)) return barred;
  return nextAttemptAt > now ? { what: 'time', until: nextAttemptAt, reason: null } : { what: 'turn', until: null, reason: null };
}

function barredBy({ state, probeAt, probeUntil, holdUntil, pausedAt, pauseReason }: ServiceStanding, now: Date): WaitsFor | null {
  if (pausedAt !== null) return { what: 'resume', until: null, reason: pauseReason };
  const quiet: WaitsFor | null = holdUntil !== null && holdUntil > now ? { what: 'quiet', until: holdUntil, reason: null } : null;
  const until = { closed: null, open: probeAt, half_open: probeUntil }[state];
  const probe: WaitsFor | null = state === 'closed' ? null : { what: 'probe', until, reason: null };
  if (quiet === null || probe === null) return quiet ?? probe;
  return until !== null && quiet.until !== null && until > quiet.until ? probe : quiet;
}
