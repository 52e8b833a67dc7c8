import { assertNever, type LeadStatus, type ReplayKind, replayTransition } from '#core';
import type { ReplayFilter } from './replay.js';

/** A fault of a wish: which member, and what is wrong with it. */
export interface WishProblem {
  readonly member: string;
  readonly detail: string;
}

const OF_LEADS = ['status', 'failure_class', 'reason_codes', 'hold_reason', 'destination'] as const;

/** A lead of which one delivery came to its end while another one is open. */
const PARTLY_OPEN: readonly LeadStatus[] = ['READY', 'FAILED'];

/** The statuses in which a kind finds something to do. */
export function statusesFor(kind: Exclude<ReplayKind, 'release'>): readonly LeadStatus[] {
  const { from } = replayTransition(kind);
  return kind === 'reprocess' ? from : [...from, ...PARTLY_OPEN];
}

/** Why these cannot go together; empty when they can. */
export function checkWish(kind: ReplayKind, filter: ReplayFilter): WishProblem[] {
  return kind === 'release' ? checkRelease(filter) : checkLeads(kind, filter);
}

function checkRelease(filter: ReplayFilter): WishProblem[] {
  const foreign = OF_LEADS.filter((member) => filter[member] !== undefined);
  return [
    ...foreign.map((member) => ({ member, detail: `${member} is of leads; a release chooses requests by verdict, source, from and to` })),
    ...(filter.verdict === undefined
      ? [{ member: 'verdict', detail: 'a release needs the verdicts it is about: whoever is refused for another reason stays refused' }]
      : []),
  ];
}

function checkLeads(kind: Exclude<ReplayKind, 'release'>, filter: ReplayFilter): WishProblem[] {
  const allowed = statusesFor(kind);
  const wrong = (filter.status ?? []).filter((status) => !allowed.includes(status));
  const narrowed = filter.status ?? filter.failure_class ?? filter.reason_codes ?? filter.hold_reason;
  return [
    ...(filter.verdict === undefined ? [] : [{ member: 'verdict', detail: 'verdict is of requests in quarantine: only a release has it' }]),
    ...(wrong.length === 0 ? [] : [{ member: 'status', detail: `${kind} is for leads that are ${allowed.join(', ')}` }]),
    ...(kind === 'redeliver' || narrowed !== undefined
      ? []
      : [{ member: 'filter', detail: `${kind} needs to be told which leads: status, failure_class, reason_codes or hold_reason` }]),
  ];
}

/** The statuses that are looked through, in order: those that were named, else those in which the rest of the filter can find anything. */
export function statusesOf(kind: Exclude<ReplayKind, 'release'>, filter: ReplayFilter): readonly LeadStatus[] {
  if (filter.status !== undefined) return filter.status;
  if (filter.hold_reason !== undefined) return ['HELD'];
  // A delivery that failed for good is there to be sent again also while its lead waits for another destination.
  if (filter.failure_class !== undefined)
    return kind === 'reprocess' ? ['PERMANENTLY_FAILED'] : ['PERMANENTLY_FAILED', 'HELD', ...PARTLY_OPEN];
  switch (kind) {
    case 'redeliver':
      return ['PERMANENTLY_FAILED'];
    case 'reprocess':
      return replayTransition(kind).from;
    // A second effect of what was delivered is only made where that was said.
    case 'send_as_new':
      return ['HELD', 'PERMANENTLY_FAILED'];
    default:
      return assertNever(kind);
  }
}
