import {
  deliveryIdempotencyKey,
  type Decision,
  type DeliveryId,
  type DestinationId,
  type FailureClass,
  type LeadStatus,
  type PlannedDelivery,
} from '#core';
import type { AuditEventInput } from '#audit';
import { newId } from '#platform';
import { type BlindIndex, blindIndexOf } from './claim-request.js';
import { decisionOf } from './decision-of.js';
import type { DecidedLead, LoadedLead } from './lead-store.port.js';

/** A decision in the shape of the tables: what `pg-lead-store.ts` writes. Member names are column names. */
export interface DecidedRow extends BlindIndex {
  readonly id: string;
  readonly tenant_id: string;
  readonly journey_id: string;
  readonly journey_no: number;
  /** What the lead must still be. */
  readonly from_status: LeadStatus;
  readonly status: LeadStatus;
  readonly hold_reason: string | null;
  readonly hold_seconds: number | null;
  readonly outcome: string;
  readonly reason: string | null;
  readonly decision: Decision;
  readonly reason_codes: readonly string[];
  readonly rejection_reason: string | null;
  readonly normalized_payload: object | null;
  readonly config_version_id: string;
  readonly duplicate_of: string | null;
  readonly duplicate_matched_on: string | null;
  readonly duplicate_seen_at: Date | null;
  readonly duplicate_check_skipped: boolean;
  readonly stages: readonly object[];
  readonly duration_micros: number;
}

export interface DeliveryRow {
  readonly id: DeliveryId;
  readonly tenant_id: string;
  readonly lead_id: string;
  readonly destination_id: string;
  readonly purpose: 'deliver' | 'fetch';
  readonly epoch: number;
  readonly idempotency_key: string;
  readonly content_type: string;
  readonly payload: string;
  readonly omitted_fields: readonly object[];
  /** PERMANENTLY_FAILED: this destination cannot have the lead, for the reason in `last_error`. */
  readonly status: 'PENDING' | 'PERMANENTLY_FAILED';
  readonly last_error: string | null;
  readonly failure_class: FailureClass | null;
  /** Part of work for many leads at once: rung after what has just come, by the relay's poll. */
  readonly bulk: boolean;
}

/** An attempt will follow. */
export const isWaiting = ({ status }: DeliveryRow): boolean => status === 'PENDING';
/** And it is rung as soon as it is committed. */
export const isUrgent = (row: DeliveryRow): boolean => isWaiting(row) && !row.bulk;

export function decidedRow({ lead, config, journey }: DecidedLead): DecidedRow {
  const { outcome, facts } = journey;
  const { duplicateOf, ...said } = decisionOf(journey);
  return {
    id: lead.id,
    tenant_id: lead.tenantId,
    journey_id: newId(),
    journey_no: lead.journeyNo,
    from_status: 'RECEIVED',
    status: said.status,
    hold_reason: outcome.kind === 'hold' ? outcome.reason.code : null,
    hold_seconds: outcome.kind === 'hold' ? outcome.holdSeconds : null,
    outcome: outcome.kind,
    normalized_payload: facts.normalised ?? null,
    config_version_id: config.id,
    duplicate_of: duplicateOf?.leadId ?? null,
    duplicate_matched_on: duplicateOf?.matchedOn ?? null,
    duplicate_seen_at: duplicateOf?.seenAt ?? null,
    duplicate_check_skipped: said.duplicateCheckSkipped,
    reason: said.reason,
    decision: said.decision,
    reason_codes: said.reasonCodes,
    rejection_reason: said.rejectionReason,
    ...blindIndexOf(journey),
    stages: journey.stages,
    duration_micros: journey.durationMicros,
  };
}

export function deliveryRows({ lead, journey: { outcome, facts } }: DecidedLead): DeliveryRow[] {
  if (outcome.kind === 'continue') return (facts.plannedDeliveries ?? []).map((planned) => deliveryRow(lead, planned, 1));
  if (outcome.kind !== 'hold' || outcome.fetch === undefined) return [];
  // A lead that is held anew after a fetch that failed is fetched anew: each journey has a call of its own.
  const call = identityOf(lead, outcome.fetch.destinationId, lead.journeyNo);
  const waiting = { status: 'PENDING', last_error: null, failure_class: null, omitted_fields: [], bulk: false } as const;
  return [{ ...call, ...waiting, purpose: 'fetch', content_type: 'application/json', payload: outcome.fetch.request }];
}

export function deliveryRow(lead: LoadedLead, planned: PlannedDelivery, epoch: number): DeliveryRow {
  const { destinationId, contentType, payload, omitted, failure } = planned;
  return {
    ...identityOf(lead, destinationId, epoch),
    purpose: 'deliver',
    content_type: contentType,
    payload,
    omitted_fields: omitted,
    status: failure === undefined ? 'PENDING' : 'PERMANENTLY_FAILED',
    last_error: failure ?? null,
    failure_class: failure === undefined ? null : 'missing_field',
    bulk: false,
  };
}

function identityOf(
  { id: leadId, tenantId }: LoadedLead,
  destinationId: DestinationId,
  epoch: number,
): Pick<DeliveryRow, DeliveryIdentity> {
  return {
    id: newId() as DeliveryId,
    tenant_id: tenantId,
    lead_id: leadId,
    destination_id: destinationId,
    epoch,
    idempotency_key: deliveryIdempotencyKey({ tenantId, leadId, destinationId, epoch }),
  };
}

type DeliveryIdentity = 'id' | 'tenant_id' | 'lead_id' | 'destination_id' | 'epoch' | 'idempotency_key';

/** KEPT, DELIVERED and PERMANENTLY_FAILED are reached through READY, in one transaction: the trail shows both steps. */
export function decisionEvents(row: DecidedRow, deliveries: readonly DeliveryRow[]): AuditEventInput[] {
  const lead = { tenantId: row.tenant_id, leadId: row.id, actor: 'pipeline' } as unknown as Pick<
    AuditEventInput,
    'tenantId' | 'leadId' | 'actor'
  >;
  const detail = {
    journeyNo: row.journey_no,
    decision: row.decision,
    reasonCodes: [...row.reason_codes],
    configVersionId: row.config_version_id,
  };
  const reason = row.reason;
  const calls = { deliveries: deliveries.map(({ id, destination_id }) => ({ deliveryId: id, destination: destination_id })) };
  const ready: AuditEventInput = {
    ...lead,
    type: 'lead.decided',
    from: 'RECEIVED',
    to: 'READY',
    detail: { ...detail, ...calls },
  };
  const failures = deliveries.filter((delivery) => !isWaiting(delivery)).map((failed) => failureEvent(lead, failed));
  switch (row.status) {
    case 'READY':
      return [ready, ...failures];
    case 'REJECTED':
      return [{ ...lead, type: 'lead.rejected', from: 'RECEIVED', to: 'REJECTED', reason, detail }];
    case 'HELD':
      return [{ ...lead, type: 'lead.held', from: 'RECEIVED', to: 'HELD', reason: row.hold_reason, detail: { ...detail, ...calls } }];
    case 'KEPT':
      return [ready, { ...lead, type: 'lead.kept', from: 'READY', to: 'KEPT', reason }];
    // Of a lead that is decided anew, everything may have been delivered before.
    case 'DELIVERED':
    case 'PERMANENTLY_FAILED':
      return [ready, ...failures, { ...lead, type: 'lead.status', from: 'READY', to: row.status, reason }];
    default:
      throw new Error(`A journey cannot end in ${row.status}`);
  }
}

function failureEvent(
  lead: Pick<AuditEventInput, 'tenantId' | 'leadId' | 'actor'>,
  { id, destination_id: destination, status, last_error: reason }: DeliveryRow,
): AuditEventInput {
  return {
    ...lead,
    deliveryId: id,
    type: 'delivery.failed',
    to: status,
    reason,
    detail: { destination, attemptNo: 0, sentState: 'not_sent' },
  };
}
