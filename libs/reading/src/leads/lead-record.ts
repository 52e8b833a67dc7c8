import type { LeadStatus, OmittedField, StageRecord } from '#core';
import type { JsonText } from './json-text.js';
import type { WaitsFor } from './waits-for.js';

/** Where a lead stands, without data of the person. */
export interface LeadSummary {
  readonly id: string;
  readonly tenantId: string;
  readonly sourceId: string;
  readonly receivedAt: Date;
  readonly updatedAt: Date;
  readonly status: LeadStatus;
  readonly holdReason: string | null;
  readonly decision: string | null;
  readonly reasonCodes: readonly string[];
  readonly rejectionReason: string | null;
  readonly duplicateOfId: string | null;
  readonly duplicateCheckSkipped: boolean;
  readonly resubmissionOfId: string | null;
  readonly flags: readonly string[];
}

/** Everything the gateway knows about one lead, read as of one moment. */
export interface LeadRecord extends LeadSummary {
  readonly correlationId: string;
  readonly requestId: string;
  readonly holdUntil: Date | null;
  readonly payload: JsonText;
  readonly normalizedPayload: JsonText | null;
  /** In order of journey number. */
  readonly journeys: readonly JourneyRecord[];
  /** In order of creation, epochs included. */
  readonly deliveries: readonly DeliveryRecord[];
  /** In order of time. */
  readonly transitions: readonly Transition[];
  /** In order of time. */
  readonly feedback: readonly FeedbackRecord[];
}

/** What a CRM told about the lead. */
export interface FeedbackRecord {
  readonly id: string;
  readonly type: string;
  readonly crmRecordId: string | null;
  readonly released: number;
  readonly receivedAt: Date;
}

/** The earlier lead that is the same person. */
export interface DuplicateHint {
  readonly leadId: string;
  readonly matchedOn: string;
  readonly seenAt: Date;
}

export interface JourneyRecord {
  readonly journeyNo: number;
  readonly outcome: string;
  readonly reason: string | null;
  readonly decision: string;
  readonly reasonCodes: readonly string[];
  readonly duplicateHint: DuplicateHint | null;
  readonly duplicateCheckSkipped: boolean;
  readonly stages: readonly StageRecord[];
  readonly configVersion: number;
  readonly rulesetVersion: number;
  readonly policyVersion: number;
  readonly decidedAt: Date;
  readonly durationMicros: number;
}

export interface DeliveryRecord {
  readonly id: string;
  /** deliver: to a CRM. fetch: the call that brought the lead itself. */
  readonly purpose: string;
  /** The destination's name, e.g. `customer-api`; of a fetch `<source>.fetch`. */
  readonly destination: string;
  readonly epoch: number;
  readonly status: string;
  readonly idempotencyKey: string;
  readonly payload: string;
  readonly omittedFields: readonly OmittedField[];
  readonly nextAttemptAt: Date;
  readonly waitsFor: WaitsFor | null;
  readonly lastError: string | null;
  readonly failureClass: string | null;
  readonly supersededAt: Date | null;
  readonly crmRecordId: string | null;
  readonly finishedAt: Date | null;
  readonly attempts: readonly AttemptRecord[];
}

export interface AttemptRecord {
  readonly attemptNo: number;
  readonly startedAt: Date;
  readonly finishedAt: Date | null;
  readonly sentState: string;
  readonly outcome: string | null;
  readonly statusCode: number | null;
  readonly errorCode: string | null;
  readonly errorMessage: string | null;
  readonly durationMs: number | null;
  readonly decidedBy: string | null;
}

export interface Transition {
  readonly from: string | null;
  readonly to: string;
  readonly at: Date;
  readonly actor: string;
  readonly reason: string | null;
}
