import type { BreakerRules, DeliveryId, DestinationId, FailureClass, JsonObject, LeadId, NextStep, ServiceWord, TenantId } from '#core';

/** Which attempt of which delivery. The number is also the fence: only the attempt that is open may be closed. */
export interface AttemptRef {
  readonly deliveryId: DeliveryId;
  readonly tenantId: TenantId;
  readonly leadId: LeadId;
  readonly destinationId: DestinationId;
  /** From 1. */
  readonly attemptNo: number;
  /** Attempts of earlier rounds, before a replay began the schedule anew. */
  readonly attemptsBefore: number;
  /** Of the request that brought the lead, for the log. */
  readonly requestId: string;
  /** It is the one call that finds out whether a failing destination works again. */
  readonly probe: boolean;
  /** When it was opened, the lead was READY and this its only delivery. */
  readonly alone?: boolean;
}

/** An attempt under this process's lease, with what it sends. */
export interface OpenAttempt extends AttemptRef {
  /** W3C trace context of the request that brought the lead, carried through. */
  readonly traceparent: string | null;
  readonly idempotencyKey: string;
  readonly contentType: string;
  readonly payload: string;
}

/** not_sent: no byte left us · unknown: bytes may have left us, no answer · answered: the destination answered. */
export type SentState = 'not_sent' | 'unknown' | 'answered';
export type AttemptOutcome = 'delivered' | 'retry' | 'refused' | 'held';

/** An attempt with what is known about it and what follows. */
export interface ClosedAttempt extends AttemptRef {
  readonly sentState: SentState;
  readonly outcome: AttemptOutcome;
  readonly statusCode: number | null;
  readonly errorCode: string | null;
  /** For people; no values. */
  readonly errorMessage: string | null;
  readonly retryAfterSeconds: number | null;
  readonly excerpt: string | null;
  readonly recordId: string | null;
  /** Which rule over the destination's answers decided; null: the status alone did. */
  readonly decidedBy: string | null;
  /** What a fetch that succeeded brought. */
  readonly fetched: JsonObject | null;
  /** null: nobody measured it, because the process that made the call is gone. */
  readonly durationMs: number | null;
  readonly step: NextStep;
  /** Why the delivery failed for good; null: it did not. */
  readonly failureClass: FailureClass | null;
  readonly actor: 'delivery' | 'relay';
  /** What the call told about its destination, and by which rules that is judged. */
  readonly service: {
    readonly rules: BreakerRules;
    readonly word: ServiceWord;
    /** The lead it was told of: the attempt's own, or the first of those that travelled in its call. */
    readonly subject: LeadId;
    /** Calls a second made to it when it answered, by all processes as far as this one knows. */
    readonly callsPerSecond: number;
  };
}
