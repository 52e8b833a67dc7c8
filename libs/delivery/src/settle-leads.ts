import type { AuditEventInput } from '#audit';
import { canTransition, leadStatusOf, type DeliveryId, type DeliveryStatus, type LeadId, type LeadStatus } from '#core';
import type { ClosedAttempt } from './attempt.js';

/** A lead, locked, and its deliveries as they are under that lock. */
export interface LeadStanding {
  readonly id: LeadId;
  readonly status: LeadStatus;
}
export interface DeliveryRow {
  readonly id: DeliveryId;
  readonly leadId: LeadId;
  readonly status: DeliveryStatus;
  readonly attemptNo: number;
  readonly holdReason: string | null;
}

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
  const statusOf = new Map(leads.map(({ id, status }) => [id, status]));
  const changes: LeadChange[] = [];
  const events: AuditEventInput[] = [];
  for (const [leadId, closed] of byLead(won)) {
    for (const attempt of closed) events.push(deliveryEvent(attempt));
    const from = statusOf.get(leadId);
    const deliveriesOfLead = ofLead.get(leadId) ?? [];
    const to = leadStatusOf(deliveriesOfLead);
    const last = closed.at(-1);
    if (from === undefined || to === undefined || last === undefined || !canTransition(from, to)) continue;
    // FAILED → FAILED tells of a further failed attempt, not of a lead that stays as it is for another delivery's sake.
    if (from === to && !closed.some(({ step }) => step.status === 'RETRYING')) continue;
    const held = to === 'HELD' ? (deliveriesOfLead.find(({ status }) => status === 'HELD')?.holdReason ?? null) : null;
    changes.push({ id: leadId, from, to, holdReason: held });
    events.push({
      tenantId: last.tenantId,
      leadId,
      type: 'lead.status',
      from,
      to,
      actor: last.actor,
      reason: held ?? errorOf(last),
    });
  }
  return { won, changes, events };
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
      ...(step.status === 'RETRYING' ? { delaySeconds: step.delaySeconds } : {}),
      ...(step.status === 'HELD' ? { holdReason: step.reason } : {}),
    },
  };
}

export function errorOf({ step }: Pick<ClosedAttempt, 'step'>): string | null {
  return step.status === 'DELIVERED' ? null : step.error;
}
