import type { InboundRequestId, LeadId, SourceIdempotency, SourceId, TenantId } from '#core';
import { bodyFingerprint } from '../body/body-fingerprint.js';
import type { ReadBody } from '../body/read-json.js';
import type { RefusalVerdict } from '../body/refusal.js';

/** A request as it is stored, refused or not. */
export interface InboundRequest {
  readonly id: InboundRequestId;
  readonly tenantId: TenantId;
  readonly sourceId: SourceId;
  readonly route: string;
  readonly contentType: string | null;
  /** The allow-listed headers, a JSON object as text. */
  readonly headers: string;
  readonly query: string | null;
  readonly remoteAddress: string | null;
  readonly requestId: string;
  readonly correlationId: string;
  /** What arrived, byte for byte; of a body over the cap its first 4 KiB. */
  readonly body: Buffer;
  /** The size of the whole body: what arrived, or what was announced where that is more. */
  readonly bodyBytes: number;
  readonly bodyTruncated: boolean;
  /** SHA-256 of the Idempotency-Key. Kept with refused requests too, so that a release meets the key of a sender who sent again. */
  readonly keySha256: Buffer | null;
}

export interface KeyClaim {
  readonly sha256: Buffer;
  readonly bodyFingerprint: Buffer;
  readonly ttlHours: number;
}

export function keyClaimOf({ keySha256 }: InboundRequest, terms: SourceIdempotency, read: ReadBody): KeyClaim | null {
  if (keySha256 === null) return null;
  return { sha256: keySha256, bodyFingerprint: bodyFingerprint(read, terms.numbers_as_text === true), ttlHours: terms.ttl_hours };
}

/** A request that becomes a lead, unless its key already has one. */
export interface LeadSubmission {
  readonly kind: 'lead';
  readonly inbound: InboundRequest;
  readonly acceptedStatus: number;
  readonly replayedStatus: number;
  readonly leadId: LeadId;
  readonly nativeId: string | null;
  readonly read: ReadBody;
  readonly key: KeyClaim | null;
}

/** A request that was refused and is kept. */
export interface RefusedSubmission {
  readonly kind: 'refused';
  readonly inbound: InboundRequest;
  readonly status: number;
  readonly verdict: RefusalVerdict;
  readonly detail: string;
}

export type Submission = LeadSubmission | RefusedSubmission;

/** The lead that a key stands for. */
export interface KeyHolder {
  readonly leadId: LeadId;
  readonly correlationId: string;
}

/** What came of a lead submission. */
export type Acceptance =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'replayed'; readonly first: KeyHolder }
  | { readonly kind: 'key_reused'; readonly detail: string };
