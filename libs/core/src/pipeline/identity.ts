import type { LeadId } from '../ids.js';

/** The kinds of values by which two leads are the same person. */
export const IDENTITY_KINDS = ['email', 'phone', 'native_id'] as const;
export type IdentityKind = (typeof IDENTITY_KINDS)[number];

/** A value by which two leads are the same person, in its normalised form. */
export interface Identity {
  readonly kind: IdentityKind;
  readonly value: string;
}

/** An identity under one key of the tenant's ring: HMAC-SHA256, 32 bytes. Never logged, never a metric. */
export interface Fingerprint {
  readonly kind: IdentityKind;
  readonly keyId: string;
  /** The key is the ring's current one: its fingerprints are also the lead's blind index. */
  readonly current: boolean;
  readonly value: Buffer;
}

export interface EarlierLead {
  readonly leadId: LeadId;
  /** The kind of the identity both share. */
  readonly matchedOn: IdentityKind;
  /** When the earlier lead claimed it. */
  readonly seenAt: Date;
}
