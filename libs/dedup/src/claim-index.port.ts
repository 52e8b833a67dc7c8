import type { ClaimCheck, EarlierLead, Fingerprint, Identity, LeadId, TenantId } from '#core';

/** Why an index could not be asked: the tenant has no key to make fingerprints with, or the look-up failed or took too long. */
export type SkippedBecause = 'no_key' | 'unavailable';

/** `fingerprints`: what the lead would claim, under every key of the ring; empty without a key. */
export type ClaimAnswer =
  | { readonly earlier: EarlierLead | null; readonly fingerprints: readonly Fingerprint[] }
  | { readonly skipped: SkippedBecause; readonly fingerprints: readonly Fingerprint[] };

export interface ClaimQuery {
  readonly tenantId: TenantId;
  /** The asking lead, whose own claims are not a duplicate. */
  readonly leadId: LeadId;
  /** At least one. */
  readonly identities: readonly Identity[];
  readonly check: ClaimCheck;
}

/**
 * Which lead holds an identity. The dedup stage only looks up; claims are written at the head of the journey's transaction
 * (pg-claims.ts), and that write is what decides between any number of equals.
 * Abstract class, so that it is also the injection token.
 */
export abstract class ClaimIndex {
  /** @returns the earliest holder whose claim has not expired; an index that cannot answer says so instead of throwing */
  abstract look(query: ClaimQuery): Promise<ClaimAnswer>;
}
