import type {
  DestinationAnswers,
  DestinationAuthenticationKind,
  DestinationConfig,
  DestinationEffect,
  JsonObject,
  LeadId,
  MappingConfig,
  Signal,
  SourceConfig,
  TenantId,
} from '#core';

/** One call. Payload and key are the same for every attempt of a delivery. */
export interface DestinationCall {
  readonly leadId: LeadId;
  readonly payload: string;
  readonly contentType: string;
  readonly idempotencyKey: string;
  /** From 1. */
  readonly attemptNo: number;
  /** W3C trace context to pass on, where the lead came with one. */
  readonly traceparent: string | null;
  /** Breaks the call off when the process has to end. */
  readonly signal: AbortSignal;
}

/** What is known about a call when it is over. */
export interface DestinationAnswer {
  readonly signal: Signal;
  /** Code of a failure: of a call without an answer, e.g. ECONNREFUSED, or of an answer that broke the rules of the exchange. */
  readonly errorCode: string | null;
  /** The beginning of the answer, redacted; at most 4 KiB of text that Postgres takes. */
  readonly excerpt: string | null;
  /** The id the destination gave to the record. */
  readonly recordId: string | null;
  /** Which rule over its answers decided, as a stable word without values (Judgement.decidedBy); absent or null: the status alone did. */
  readonly decidedBy?: string | null;
  /**
   * Of a call that carried several leads, the first of them: what the call tells of its destination is told once, as of this lead, so that one
   * failed call is one failure however many leads it carried. Absent: the delivery's own lead.
   */
  readonly subject?: LeadId;
  /** Only from a fetcher, with its success: what the lead is made of, as jsonb takes it. */
  readonly fetched?: JsonObject;
}

/** One configured destination, ready to be called. */
export interface Destination {
  /** Never rejects: what went wrong is part of the answer. Ends within the destination's time limit. */
  send(call: DestinationCall): Promise<DestinationAnswer>;
}

/** One member of a destination's configuration, described once for checks, redaction, forms and documents. */
export interface DestinationField {
  /** Dot path in the destination's configuration. */
  readonly path: string;
  readonly label: string;
  readonly help: string;
  /** true: its value is never shown, logged or repeated in a message. */
  readonly secret: boolean;
  /** true: an address that is called; it is judged by the rules of outbound calls, after `check`. */
  readonly isAddress?: boolean;
  /** What it must be one of; text unless told. */
  readonly values?: readonly (string | boolean)[];
  /** true: without it the destination cannot be used. */
  readonly required?: boolean;
  /** @returns what is wrong with a value that is present, and what mends it; undefined when it can be used */
  readonly check?: (value: string) => string | undefined;
}

/** Members of a configuration that mean something to some kinds only. Every other member but `options` holds for all of them. */
export const MEMBERS_OF_SOME_KINDS = ['body', 'xml_root', 'success', 'duplicate', 'record_id_path', 'timeout_seconds'] as const;
export type MemberOfSomeKinds = (typeof MEMBERS_OF_SOME_KINDS)[number];

/** What of a configuration a kind makes use of. Anything else would be there for nothing and is refused when the configuration is read. */
export interface TakenMembers {
  readonly authentication: readonly DestinationAuthenticationKind[];
  readonly answers: readonly DestinationAnswers[];
  readonly effect: readonly DestinationEffect[];
  readonly members: readonly MemberOfSomeKinds[];
}

/** A kind of destination: a folder under destinations/ and a line in destination-kinds.ts. */
export interface DestinationKind {
  /** What `kind` in the configuration says. */
  readonly kind: string;
  readonly label: string;
  readonly help: string;
  readonly takes: TakenMembers;
  /** A path that begins with `options.` is a member that only this kind has; there are no others under `options`. */
  readonly fields: readonly DestinationField[];
  /** Targets without which nothing can be sent: the destination's mapping must have each of them as a required field. */
  readonly requiredTargets?: readonly string[];
  /**
   * Calls in flight at once, per destination and process, where the configuration names no `concurrency`; 32 unless told. A kind that sends
   * calls together needs as many as fill its batches in flight, because a call that waits for its batch holds a slot.
   */
  readonly concurrency?: number;
  /** `record_url` where the configuration has none: where a person looks at a record, with `{record_id}`. */
  recordUrl?(config: DestinationConfig): string | undefined;
  /** @param config checked: no field has a problem */
  open(config: DestinationConfig, of: DestinationOwner): Destination;
}

/** Whose destination it is, and what makes its payloads. */
export interface DestinationOwner {
  readonly tenantId: TenantId;
  readonly mapping: MappingConfig;
}

/** A source that is sent ids and says where its leads are. */
export type FetchingSource = SourceConfig & { readonly fetch: NonNullable<SourceConfig['fetch']> };

/**
 * Fetches the leads of sources of one kind: a folder under destinations/ and a line in fetchers.ts. Its calls are deliveries with the purpose
 * `fetch`: `payload` is `{"id": <the sender's own id of the lead>}`, and a call that succeeds answers with `fetched`.
 * A call must change nothing over there: after an unknown outcome it is repeated.
 */
export interface Fetcher {
  /** The kind of source whose leads it fetches. */
  readonly sourceKind: string;
  /** Paths in the source's configuration. */
  readonly fields: readonly DestinationField[];
  /** @param source checked: no field has a problem */
  open(source: FetchingSource): Destination;
}
