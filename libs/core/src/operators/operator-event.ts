import type { TenantId } from '../ids.js';
import type { JsonObject } from '../json.js';

/**
 * What an operator is told of. Each is a change of state: it is told once when it begins, and once when it is over where it can be over.
 * - `breaker.opened`, `breaker.closed`: a service failed several leads in a row; it answered again.
 * - `destination.paused`, `destination.resumed`: a person has to mend something first (it refuses us, it is gone); somebody did.
 * - `dead_letters.appeared`: leads of a destination began to fail for good, after none had for a while.
 * - `lead.poisoned`: a lead took its process down three times and is held.
 * - `replay.finished`, `replay.cancelled`
 * - `source.silent`, `source.heard`: a source brings far less than is usual for it; it brings leads again.
 * - `leads.stuck`, `leads.moving`: the oldest lead that nobody decided is too old; all are decided in time again.
 * - `ledger.unbalanced`, `ledger.balanced`: what came in is not what is accounted for.
 * - `events.summarised`: more happened in a minute than is sent one by one; what the rest was, by type.
 */
export const OPERATOR_EVENT_TYPES = [
  'breaker.opened',
  'breaker.closed',
  'destination.paused',
  'destination.resumed',
  'dead_letters.appeared',
  'lead.poisoned',
  'replay.finished',
  'replay.cancelled',
  'source.silent',
  'source.heard',
  'leads.stuck',
  'leads.moving',
  'ledger.unbalanced',
  'ledger.balanced',
  'events.summarised',
] as const;
export type OperatorEventType = (typeof OPERATOR_EVENT_TYPES)[number];

export interface OperatorEventInput {
  /** null: it concerns the whole gateway. */
  readonly tenantId: TenantId | null;
  readonly type: OperatorEventType;
  /** What changed: the id of a destination, source, lead or replay, or `gateway`. */
  readonly subject: string;
  /** Ids, codes, counts and moments; never values of people. */
  readonly detail?: JsonObject;
}

/** Alarms: what is watched and told of when it begins and when it is over; `dead_letters` only when it begins. */
export const ALARMS = ['leads_stuck', 'source_silent', 'ledger_unbalanced', 'dead_letters'] as const;
export type Alarm = (typeof ALARMS)[number];

/** The subject of what concerns the whole gateway. */
export const GATEWAY_SUBJECT = 'gateway';
