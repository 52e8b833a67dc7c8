import { recordUrlOf, type TenantConfig } from '#core';
import { recordUrlTemplateOf } from '#delivery';
import { decideWhatNext } from './decide-what-next.js';
import { JsonText } from './json-text.js';
import type { AttemptRecord, DeliveryRecord, JourneyRecord, LeadRecord, LeadSummary } from './lead-record.js';
import type {
  AttemptLine,
  AttemptShape,
  DeliveryShape,
  DuplicateHintShape,
  JourneyShape,
  LeadHistory,
  LeadShape,
  ListedLead,
} from './lead-shapes.js';

export function historyOf(lead: LeadRecord): LeadHistory {
  const journey = lead.journeys.at(-1);
  return {
    id: lead.id,
    received_at: lead.receivedAt,
    status: lead.status,
    rejection_reason: lead.rejectionReason,
    decision: lead.decision,
    reason_codes: lead.reasonCodes,
    raw_payload: lead.payload,
    normalized_payload: lead.normalizedPayload,
    customer_payload: customerPayloadOf(lead.deliveries),
    delivery_attempts: lead.deliveries
      .flatMap((delivery) => delivery.attempts.map((attempt) => ({ delivery, attempt })))
      .sort((one, other) => one.attempt.startedAt.getTime() - other.attempt.startedAt.getTime())
      .map(({ delivery, attempt }) => attemptOf(delivery, attempt)),
    transitions: lead.transitions,
    journey: journey === undefined ? null : journeyOf(journey),
  };
}

/** @param config the active one of the lead's tenant */
export function leadOf(lead: LeadRecord, config: TenantConfig | undefined): LeadShape {
  return {
    ...listedLeadOf(lead),
    what_next: decideWhatNext(lead, (name) =>
      config === undefined ? undefined : (config.destinations.find((one) => one.name === name)?.authentication.kind ?? null),
    ),
    hold_until: lead.holdUntil,
    correlation_id: lead.correlationId,
    request_id: lead.requestId,
    payload: lead.payload,
    normalized_payload: lead.normalizedPayload,
    duplicate_hint: hintOf(lead.journeys.at(-1)),
    journeys: lead.journeys.map(journeyOf),
    deliveries: lead.deliveries.map((delivery) => deliveryOf(delivery, config)),
    transitions: lead.transitions,
    feedback: lead.feedback.map(({ id, type, crmRecordId, released, receivedAt }) => ({
      id,
      type,
      crm_record_id: crmRecordId,
      released,
      received_at: receivedAt,
    })),
  };
}

function hintOf(journey: JourneyRecord | undefined): DuplicateHintShape | null {
  const hint = journey?.duplicateHint ?? null;
  return hint === null ? null : { matched_on: hint.matchedOn, lead_id: hint.leadId, seen_at: hint.seenAt };
}

export function listedLeadOf(lead: LeadSummary): ListedLead {
  return {
    id: lead.id,
    tenant: lead.tenantId,
    source: lead.sourceId,
    received_at: lead.receivedAt,
    updated_at: lead.updatedAt,
    status: lead.status,
    hold_reason: lead.holdReason,
    decision: lead.decision,
    reason_codes: lead.reasonCodes,
    rejection_reason: lead.rejectionReason,
    duplicate_of: lead.duplicateOfId,
    duplicate_check_skipped: lead.duplicateCheckSkipped,
    resubmission_of: lead.resubmissionOfId,
    flags: lead.flags,
    href: `/v1/leads/${lead.id}`,
  };
}

/**
 * What the customer gets: the payload of the newest delivery that has one. A fetch sends nothing to a customer, nor does a delivery that
 * failed before anything could be made for it. Other destinations' payloads stand in `GET /v1/leads/{id}`.
 */
function customerPayloadOf(deliveries: readonly DeliveryRecord[]): JsonText | null {
  const newest = deliveries.filter(({ purpose, payload }) => purpose === 'deliver' && payload !== '').at(-1);
  return newest === undefined ? null : JsonText.ofPayload(newest.payload);
}

function attemptOf(delivery: DeliveryRecord, attempt: AttemptRecord): AttemptLine {
  return {
    attempt_no: attempt.attemptNo,
    attempted_at: attempt.startedAt,
    destination: delivery.destination,
    success: attempt.outcome === 'delivered',
    status_code: attempt.statusCode,
    error_message: attempt.errorMessage,
    sent_state: attempt.sentState,
  };
}

function journeyOf(journey: JourneyRecord): JourneyShape {
  return {
    journey_no: journey.journeyNo,
    outcome: journey.outcome,
    reason: journey.reason,
    decision: journey.decision,
    reason_codes: journey.reasonCodes,
    duplicate_hint: hintOf(journey),
    duplicate_check_skipped: journey.duplicateCheckSkipped,
    stages: journey.stages.map(({ stage, verdict, reasons, durationMicros }) => ({
      stage,
      verdict,
      reasons,
      duration_micros: durationMicros,
    })),
    versions: {
      config_version: `v${journey.configVersion}`,
      ruleset_version: `v${journey.rulesetVersion}`,
      policy_version: `v${journey.policyVersion}`,
    },
    decided_at: journey.decidedAt,
    duration_micros: journey.durationMicros,
  };
}

function deliveryOf(delivery: DeliveryRecord, config: TenantConfig | undefined): DeliveryShape {
  return {
    id: delivery.id,
    purpose: delivery.purpose,
    destination: delivery.destination,
    epoch: delivery.epoch,
    status: delivery.status,
    idempotency_key: delivery.idempotencyKey,
    payload: JsonText.ofPayload(delivery.payload),
    omitted_fields: delivery.omittedFields,
    next_attempt_at: delivery.finishedAt === null ? delivery.nextAttemptAt : null,
    waits_for: delivery.waitsFor,
    last_error: delivery.lastError,
    failure_class: delivery.failureClass,
    superseded_at: delivery.supersededAt,
    crm_record_id: delivery.crmRecordId,
    record_url: recordUrlOf(config, delivery.destination, delivery.crmRecordId, recordUrlTemplateOf),
    finished_at: delivery.finishedAt,
    attempts: delivery.attempts.map(attemptShapeOf),
  };
}

function attemptShapeOf(attempt: AttemptRecord): AttemptShape {
  return {
    attempt_no: attempt.attemptNo,
    started_at: attempt.startedAt,
    finished_at: attempt.finishedAt,
    sent_state: attempt.sentState,
    outcome: attempt.outcome,
    status_code: attempt.statusCode,
    error_code: attempt.errorCode,
    error_message: attempt.errorMessage,
    duration_ms: attempt.durationMs,
    decided_by: attempt.decidedBy,
  };
}
