import type { JsonObject, SourceConfig } from '#core';
import type { FingerprintBasis } from '../body/body-fingerprint.js';
import type { BodyToRead } from '../body/read-body.js';
import type { OnDuplicateKeys } from '../body/read-json.js';
import type { Refusal } from '../body/refusal.js';

/** A request's body and the source it came to. */
export interface RequestToRead extends BodyToRead {
  readonly source: SourceConfig;
}

/** One lead of a request, as its kind reads it. */
export interface ReadItem {
  readonly payload: JsonObject;
  /** The body's own text says the same as `payload`: Postgres can make the jsonb from the stored bytes. */
  readonly verbatim: boolean;
  /** Reason codes the lead carries. */
  readonly flags: readonly string[];
  /** The sender's own id of this lead, which makes a repetition the same lead for ever; null where the sender gives none. */
  readonly nativeId: string | null;
}

/** A request that was understood. */
export interface ReadRequest {
  /** In the order of the body; never empty when it comes from `readRequest`. */
  readonly items: readonly ReadItem[];
  /** What the body fingerprint is made of: the whole body, whatever the items took from it. */
  readonly fingerprint: FingerprintBasis;
}

export interface HandshakeAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/**
 * How the bodies of one kind of source are read. Pure: bytes in, the request's leads or a refusal out; storing, keys and answers are the
 * door's work and the same for every kind. A further kind is one folder beside this file and one entry in source-kinds.ts.
 */
export interface SourceKind {
  /** What `kind` says in a source's configuration. */
  readonly kind: string;
  readonly label: string;
  readonly help: string;
  read(request: RequestToRead, onDuplicateKeys: OnDuplicateKeys): ReadRequest | Refusal | Promise<ReadRequest | Refusal>;
  /** GET on the source's path; absent: this kind has no handshake (405). */
  handshake?(query: URLSearchParams, source: SourceConfig): HandshakeAnswer;
  /** What a configuration of this kind lacks, one sentence each, beginning with the member: `authentication.kind: must be …`. */
  problems?(source: SourceConfig): string[];
}
