import type { AuditEventInput } from '#audit';
import { isOpenDelivery, type HoldReason, type JsonObject, type LeadId } from '#core';
import type { ClosedAttempt } from './attempt.js';
import type { DeliveryRow, LeadStanding } from './standing.js';

/** What a lead may be held for while it is not fetched; held for anything else, it is somebody else's to move. */
const WAITS: readonly (string | null)[] = ['awaiting_fetch', 'fetch_failed', 'destination_refuses_us'] satisfies HoldReason[];

/** What becomes of a held lead whose fetch came to an end. */
export interface FetchChange {
  readonly id: LeadId;
  readonly to: 'RECEIVED' | 'HELD';
  readonly holdReason: HoldReason | null;
  readonly fetched: JsonObject | null;
  /** The attempt that decided it. */
  readonly attempt: ClosedAttempt;
}

/**
 * What the calls that fetch a lead, taken together, do to it. The first line that fits counts:
 *
 * | lead and calls                                 | lead                                                        |
 * |------------------------------------------------|-------------------------------------------------------------|
 * | not held for its fetch, or fetched already     | stays as it is; what an erased lead was to be is not kept   |
 * | one of these attempts brought the lead         | RECEIVED with its fields: decided by its next journey       |
 * | a call is open                                 | stays                                                       |
 * | the last one is held: our token is refused     | HELD with the call's reason: a person mends it, reprocesses |
 * | the last one failed for good                   | HELD(fetch_failed): the same                                |
 *
 * @param calls the lead's calls as they are after these attempts
 */
export function settleFetch(lead: LeadStanding, calls: readonly DeliveryRow[], closed: readonly ClosedAttempt[]): FetchChange | null {
  const last = closed.at(-1);
  if (last === undefined || lead.status !== 'HELD' || lead.fetched || !WAITS.includes(lead.holdReason)) return null;
  const brought = closed.find(({ step, fetched }) => step.status === 'DELIVERED' && fetched !== null);
  if (brought !== undefined) return { id: lead.id, to: 'RECEIVED', holdReason: null, fetched: brought.fetched, attempt: brought };
  if (calls.some(({ status }) => isOpenDelivery(status))) return null;
  const holdReason = last.step.status === 'HELD' ? last.step.reason : 'fetch_failed';
  return { id: lead.id, to: 'HELD', holdReason, fetched: null, attempt: last };
}

/** Numbers and codes only: the names of the fields are those of somebody's form. */
export function fetchEvents({ holdReason }: LeadStanding, { id, to, attempt, fetched, ...change }: FetchChange): AuditEventInput[] {
  const { tenantId, actor, deliveryId, destinationId, attemptNo } = attempt;
  const lead = { tenantId, leadId: id, actor };
  if (fetched === null) return [{ ...lead, type: 'lead.held', from: 'HELD', to, reason: change.holdReason }];
  const detail = { destination: destinationId, attemptNo, fields: Object.keys(fetched).length };
  return [
    { ...lead, deliveryId, type: 'lead.fetched', detail },
    { ...lead, type: 'lead.status', from: 'HELD', to, reason: holdReason },
  ];
}
