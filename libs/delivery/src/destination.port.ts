import type { DestinationConfig, JsonObject, LeadId, Signal, SourceConfig } from '#core';

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
  /** @returns what is wrong with a value that is present, and what mends it; undefined when it can be used */
  readonly check?: (value: string) => string | undefined;
}

/** A kind of destination: a folder under destinations/ and a line in destination-kinds.ts. */
export interface DestinationKind {
  /** What `kind` in the configuration says. */
  readonly kind: string;
  readonly label: string;
  readonly help: string;
  readonly fields: readonly DestinationField[];
  /** @param config checked: no field has a problem */
  open(config: DestinationConfig): Destination;
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
