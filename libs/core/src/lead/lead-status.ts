import { assertNever } from '../assert-never.js';
import type { LeadReplayKind } from '../replay/replay.js';

/** In lifecycle order. What each one means stands in glossary.md. */
export const LEAD_STATUSES = [
  'RECEIVED',
  'HELD',
  'REJECTED',
  'READY',
  'FAILED',
  'DELIVERED',
  'KEPT',
  'PERMANENTLY_FAILED',
  'ERASED',
] as const;
export type LeadStatus = (typeof LEAD_STATUSES)[number];

/**
 * The one table of what may follow what on a lead's own way. Every state change in SQL is a compare-and-set that names its
 * allowed `from` statuses through `statusesLeadingTo`, so a late or repeated job changes nothing.
 * FAILED → FAILED is a further failed attempt of an open delivery. READY and FAILED → HELD: a call to a destination that would take a
 * repetition for a second lead ended without an answer (hold reason unknown_outcome), or the destination refuses our credentials.
 */
const TRANSITIONS: Readonly<Record<LeadStatus, readonly LeadStatus[]>> = {
  RECEIVED: ['REJECTED', 'HELD', 'READY', 'ERASED'],
  HELD: ['RECEIVED', 'ERASED'],
  REJECTED: ['ERASED'],
  READY: ['HELD', 'DELIVERED', 'FAILED', 'PERMANENTLY_FAILED', 'KEPT', 'ERASED'],
  FAILED: ['HELD', 'DELIVERED', 'FAILED', 'PERMANENTLY_FAILED', 'ERASED'],
  DELIVERED: ['ERASED'],
  KEPT: ['ERASED'],
  PERMANENTLY_FAILED: ['ERASED'],
  ERASED: [],
};

/**
 * What a person may do to a lead that came to an end or waits for a person: always with an actor and a reason.
 *
 * `redeliver` takes HELD only where a delivery of the lead is what it is held for. A lead of which one delivery came to its end while
 * another is still open is READY or FAILED and stays so: then the delivery alone is taken up again.
 */
const REPLAYS = {
  reprocess: { from: ['REJECTED', 'HELD', 'KEPT', 'PERMANENTLY_FAILED'], to: 'RECEIVED' },
  redeliver: { from: ['HELD', 'PERMANENTLY_FAILED'], to: 'READY' },
  send_as_new: { from: ['HELD', 'DELIVERED', 'PERMANENTLY_FAILED'], to: 'READY' },
} as const satisfies Record<LeadReplayKind, { from: readonly LeadStatus[]; to: LeadStatus }>;

export function canTransition(from: LeadStatus, to: LeadStatus): boolean {
  return TRANSITIONS[from].includes(to);
}

/** The `from` side of a compare-and-set: every status that may become `to`. */
export function statusesLeadingTo(to: LeadStatus): LeadStatus[] {
  return LEAD_STATUSES.filter((from) => canTransition(from, to));
}

export function replayTransition(kind: LeadReplayKind): { from: readonly LeadStatus[]; to: LeadStatus } {
  return REPLAYS[kind];
}

export function canReplay(kind: LeadReplayKind, from: LeadStatus): boolean {
  return replayTransition(kind).from.includes(from);
}

/** Final: nothing but a person's replay or an erasure follows. */
export function isFinal(status: LeadStatus): boolean {
  switch (status) {
    case 'RECEIVED':
    case 'HELD':
    case 'READY':
    case 'FAILED':
      return false;
    case 'REJECTED':
    case 'DELIVERED':
    case 'KEPT':
    case 'PERMANENTLY_FAILED':
    case 'ERASED':
      return true;
    default:
      return assertNever(status);
  }
}
