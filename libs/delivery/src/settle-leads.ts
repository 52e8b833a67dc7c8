import type { AuditEventInput } from '#audit';
import { canTransition, leadStatusOf, type DeliveryId, type LeadId, type LeadStatus } from '#core';
import type { ClosedAttempt } from './attempt.js';
import { fetchEvents, settleFetch, type FetchChange } from './settle-fetch.js';
import type { DeliveryRow, LeadStanding } from './standing.js';

export interface LeadChange {
  readonly id: LeadId;
  readonly from: LeadStatus;
  readonly to: LeadStatus;
  readonly holdReason: string | null;
}

export interface Settlement {
  /** The attempts that may be closed; the others were fenced out. */
  readonly won: readonly ClosedAttempt[];
  readonly changes: readonly LeadChange[];
  /** Of leads whose fetches came to an end. */
  readonly fetches: readonly FetchChange[];
  readonly events: readonly AuditEventInput[];
}

/**
 * What a batch of attempts does to its deliveries and leads. An attempt counts only while its delivery is SENDING under its number.
 *
 * A lead moves when its deliveries taken together say so and the table of lead statuses allows it: a lead that is FAILED stays FAILED
 * while another delivery is open, and an erased lead stays erased.
 */
export function settleLeads(
  attempts: readonly ClosedAttempt[],
  leads: readonly LeadStanding[],
  deliveries: readonly DeliveryRow[],
): Settlement {
  const standing = new Map(deliveries.map((delivery) => [delivery.id, delivery]));
  const won = attempts.filter((attempt) => {
    const delivery = standing.get(attempt.deliveryId);
    if (delivery?.status !== 'SENDING' || delivery.attemptNo !== attempt.attemptNo) return false;
    const { step } = attempt;
    standing.set(attempt.deliveryId, { ...delivery, status: step.status, holdReason: step.status === 'HELD' ? step.reason : null });
    return true;
  });

  const ofLead = byLead(standing.values());
  const leadOf = new Map(leads.map((lead) => [lead.id, lead]));
  const changes: LeadChange[] = [];
  const fetches: FetchChange[] = [];
  const events: AuditEventInput[] = [];
  for (const [leadId, closed] of byLead(won)) {
    for (const attempt of closed) events.push(deliveryEvent(attempt));
    const lead = leadOf.get(leadId);
    if (lead === undefined) continue;
    const [sent, asked] = byPurpose(closed, standing);
    const [deliveries, calls] = [ofPurpose(ofLead.get(leadId), 'deliver'), ofPurpose(ofLead.get(leadId), 'fetch')];
    const change = statusChange(lead, deliveries, sent);
    if (change !== null) {
      changes.push(change.change);
      events.push(change.event);
    }
    const fetch = settleFetch(lead, calls, asked);
    if (fetch !== null) {
      fetches.push(fetch);
      events.push(...fetchEvents(lead, fetch));
    }
  }
  return { won, changes, fetches, events };
}

const ofPurpose = (deliveries: readonly DeliveryRow[] = [], purpose: DeliveryRow['purpose']): readonly DeliveryRow[] =>
  deliveries.filter((delivery) => delivery.purpose === purpose);

/** Attempts that sent the lead, and attempts that fetched it. */
function byPurpose(
  closed: readonly ClosedAttempt[],
  standing: ReadonlyMap<DeliveryId, DeliveryRow>,
): [sent: ClosedAttempt[], asked: ClosedAttempt[]] {
  const isFetch = ({ deliveryId }: ClosedAttempt): boolean => standing.get(deliveryId)?.purpose === 'fetch';
  return [closed.filter((attempt) => !isFetch(attempt)), closed.filter(isFetch)];
}

function statusChange(
  { id, status: from }: LeadStanding,
  deliveries: readonly DeliveryRow[],
  closed: readonly ClosedAttempt[],
): { change: LeadChange; event: AuditEventInput } | null {
  const to = leadStatusOf(deliveries);
  const last = closed.at(-1);
  if (to === undefined || last === undefined || !canTransition(from, to)) return null;
  // FAILED → FAILED tells of a further failed attempt, not of a lead that stays as it is for another delivery's sake.
  if (from === to && !closed.some(({ step }) => step.status === 'RETRYING')) return null;
  const holdReason =
    to === 'HELD' ? (deliveries.find(({ status, superseded }) => status === 'HELD' && !superseded)?.holdReason ?? null) : null;
  const { tenantId, actor } = last;
  return {
    change: { id, from, to, holdReason },
    event: { tenantId, leadId: id, type: 'lead.status', from, to, actor, reason: holdReason ?? errorOf(last) },
  };
}

function byLead<Item extends { readonly leadId: LeadId }>(items: Iterable<Item>): Map<LeadId, Item[]> {
  const groups = new Map<LeadId, Item[]>();
  for (const item of items) {
    const group = groups.get(item.leadId);
    if (group === undefined) groups.set(item.leadId, [item]);
    else group.push(item);
  }
  return groups;
}

const EVENT_TYPE = {
  DELIVERED: 'delivery.delivered',
  RETRYING: 'delivery.retry_scheduled',
  PERMANENTLY_FAILED: 'delivery.failed',
  HELD: 'delivery.held',
} as const;

function deliveryEvent(attempt: ClosedAttempt): AuditEventInput {
  const { tenantId, leadId, deliveryId, actor, step } = attempt;
  return {
    tenantId,
    leadId,
    deliveryId,
    type: EVENT_TYPE[step.status],
    from: 'SENDING',
    to: step.status,
    actor,
    reason: errorOf(attempt),
    detail: {
      destination: attempt.destinationId,
      attemptNo: attempt.attemptNo,
      sentState: attempt.sentState,
      ...(attempt.statusCode === null ? {} : { statusCode: attempt.statusCode }),
      ...(attempt.decidedBy === null ? {} : { decidedBy: attempt.decidedBy }),
      ...(step.status === 'RETRYING' ? { delaySeconds: step.delaySeconds } : {}),
      ...(step.status === 'HELD' ? { holdReason: step.reason } : {}),
      ...(attempt.failureClass === null ? {} : { failureClass: attempt.failureClass }),
    },
  };
}

export function errorOf({ step }: Pick<ClosedAttempt, 'step'>): string | null {
  return step.status === 'DELIVERED' ? null : step.error;
}
