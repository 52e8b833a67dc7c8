import type { LeadId, TenantId } from '#core';

/** A value by which two leads are the same person, in its normalised form. */
export interface Identity {
  readonly kind: 'email' | 'phone' | 'native_id';
  readonly value: string;
}

export interface EarlierLead {
  readonly leadId: LeadId;
  /** The kind of the identity both share. */
  readonly matchedOn: Identity['kind'];
  /** When the earlier lead claimed it. */
  readonly seenAt: Date;
}

/** Why an index could not be asked: the tenant has no key to make fingerprints with, or the look-up failed or took too long. */
export type SkippedBecause = 'no_key' | 'unavailable';

export type ClaimAnswer = { readonly earlier: EarlierLead | null } | { readonly skipped: SkippedBecause };

/**
 * Which lead holds an identity. The dedup stage only looks up; claims are written with the journey.
 * Abstract class, so that it is also the injection token.
 */
export abstract class ClaimIndex {
  /**
   * @param query.identities at least one; `query.leadId` is the asking lead, whose own claims are not a duplicate
   * @returns the earliest holder within the tenant's window; an index that cannot answer says so instead of throwing
   */
  abstract findEarlier(query: {
    readonly tenantId: TenantId;
    readonly leadId: LeadId;
    readonly identities: readonly Identity[];
  }): Promise<ClaimAnswer>;
}
