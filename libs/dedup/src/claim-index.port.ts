import type { ClaimCheck, EarlierLead, Fingerprint, Identity, LeadId, TenantId } from '#core';

/** Why an index could not be asked: the tenant has no key to make fingerprints with, or the look-up failed or took too long. */
export type SkippedBecause = 'no_key' | 'unavailable';

/**
 * `fingerprints`: of all identities of the query, under every key of the ring; empty without a key. `earlier`: null also where nothing is
 * compared. `presumed`: nobody looked, an accelerator takes the lead for new; only writing its claims can tell.
 */
export type ClaimAnswer =
  | { readonly earlier: EarlierLead | null; readonly fingerprints: readonly Fingerprint[]; readonly presumed?: true }
  | { readonly skipped: SkippedBecause; readonly fingerprints: readonly Fingerprint[] };

export interface ClaimQuery {
  readonly tenantId: TenantId;
  /** The asking lead, whose own claims are not a duplicate. */
  readonly leadId: LeadId;
  /** What the tenant compares and the lead has, in the tenant's order. */
  readonly identities: readonly Identity[];
  /** What the tenant does not compare, but searches by: only the fingerprints are wanted. */
  readonly alsoIndexed: readonly Identity[];
  /** How long a lead counts as earlier. */
  readonly windowHours: number;
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
