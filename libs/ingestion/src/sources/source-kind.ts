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

/** A request whose body says whose it is. */
export interface AddressedRequest {
  /** The tenant the body names, as it is written there; null where it names none. */
  readonly tenant: string | null;
  readonly read: ReadRequest | Refusal;
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
  /** Only for kinds whose sources share a path by tenant: the same reading, before any source is known. `read` is then not asked. */
  readForTenant?(body: BodyToRead, onDuplicateKeys: OnDuplicateKeys): Promise<AddressedRequest>;
  /** GET on the source's path; absent: this kind has no handshake (405). */
  handshake?(query: URLSearchParams, source: SourceConfig): HandshakeAnswer;
  /** Its forms give every field a name of their own, which `field_names` translates. */
  readonly readsFieldNames?: true;
  /** Its requests carry ids only; `fetch` says where the leads are. */
  readonly fetches?: true;
  /** What a configuration of this kind lacks, one sentence each, beginning with the member: `authentication.kind: must be …`. */
  problems?(source: SourceConfig): string[];
}
