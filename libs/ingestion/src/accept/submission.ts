import type { InboundRequestId, JsonObject, LeadId, SourceId, TenantId } from '#core';
import type { RefusalVerdict } from '../body/refusal.js';

/** A request as it is stored, refused or not. */
export interface InboundRequest {
  readonly id: InboundRequestId;
  /** null: nobody knows whose it is, so it can only be kept. */
  readonly tenantId: TenantId | null;
  readonly sourceId: SourceId | null;
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

/** What makes a lead unique in its source: an Idempotency-Key, a native id, or whatever else the source tells requests apart by. */
export interface KeyClaim {
  readonly sha256: Buffer;
  readonly bodyFingerprint: Buffer;
  /** null: for ever */
  readonly ttlHours: number | null;
  /** What an unequal body under the key means: `refuse` it, or `replay` the first lead. It is kept in both cases. */
  readonly otherBody: 'refuse' | 'replay';
}

/** One lead of a request. */
export interface LeadItem {
  readonly leadId: LeadId;
  /** Its place in the request, from 0. */
  readonly itemNo: number;
  readonly nativeId: string | null;
  readonly payload: JsonObject;
  /** The stored bytes are the payload's JSON. */
  readonly verbatim: boolean;
  /** Reason codes the lead carries. */
  readonly flags: readonly string[];
  readonly key: KeyClaim | null;
  /** SHA-256 of the sender's own id, where other content under it is a further lead. */
  readonly senderKeySha256: Buffer | null;
}

/** A request that becomes leads, as far as their keys have none yet. */
export interface LeadSubmission {
  readonly kind: 'lead';
  readonly inbound: InboundRequest;
  readonly acceptedStatus: number;
  readonly replayedStatus: number;
  readonly items: readonly [LeadItem, ...LeadItem[]];
  /** The submitter decides the leads itself: leads.claimed_until is this many seconds from now, and they are not rung. */
  readonly claimSeconds: number | null;
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

/** The lead that a key stands for, and what its sender was told. */
export interface KeyHolder {
  readonly leadId: LeadId;
  readonly correlationId: string;
  readonly requestId: string;
  readonly receivedAt: Date;
}

/** What came of one lead of a submission. `receivedAt` is the clock of Postgres. */
export type ItemAcceptance =
  | { readonly kind: 'accepted'; readonly leadId: LeadId; readonly receivedAt: Date }
  | { readonly kind: 'replayed'; readonly first: KeyHolder }
  | { readonly kind: 'key_reused'; readonly detail: string };

export interface Acceptance {
  /** In the order of the submission's items. */
  readonly items: readonly ItemAcceptance[];
}
