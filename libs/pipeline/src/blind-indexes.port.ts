import type { JsonObject, LeadId, TenantId } from '#core';

/** A lead whose blind index is made with another key than the tenant's current one. */
export interface StaleLead {
  readonly id: LeadId;
  readonly tenantId: TenantId;
  readonly nativeId: string | null;
  /** The key of its blind index, and the number of the journey that wrote it. */
  readonly keyId: string;
  readonly journeyNo: number;
  readonly normalised: JsonObject | null;
}

/** A claim that has not expired and is made with another key than the tenant's current one, with what its lead says. */
export interface StaleClaim {
  readonly tenantId: TenantId;
  readonly kind: string;
  readonly fingerprint: Buffer;
  readonly keyId: string;
  readonly leadId: LeadId;
  readonly nativeId: string | null;
  readonly normalised: JsonObject | null;
}

export interface NewIndex {
  readonly lead: StaleLead;
  readonly keyId: string;
  readonly email: Buffer | null;
  readonly phone: Buffer | null;
}

export interface NewClaim {
  readonly of: StaleClaim;
  readonly keyId: string;
  readonly fingerprint: Buffer;
}

/** What a tenant's leads are to be found by, and the keys by which some still are. */
export interface KeyChange {
  readonly tenantId: TenantId;
  readonly currentKeyId: string;
  readonly staleKeyIds: readonly string[];
  /** When the last of them was retired; null while one is in use. */
  readonly lastRetiredAt: Date | null;
}

/** Which claim a walk has come to; null at its beginning. */
export type ClaimPlace = Pick<StaleClaim, 'tenantId' | 'kind' | 'fingerprint'> | null;

/** The blind indexes and claims as they are stored. Abstract class, so that it is also the injection token. */
export abstract class BlindIndexes {
  /** What changes of keys are unfinished, as the registry has them, among the tenants of whom this process knows the current key. */
  abstract changes(currentKeys: ReadonlyMap<TenantId, string>): Promise<KeyChange[]>;
  /** Does the work unless another process is at it. */
  abstract alone(work: () => Promise<number>): Promise<number>;
  /** Oldest first. */
  abstract staleLeads(changes: readonly KeyChange[], limit: number): Promise<StaleLead[]>;
  abstract claimsOf(leads: readonly StaleLead[]): Promise<StaleClaim[]>;
  /** The next claims that their lead does not also hold under the current key; `next` is null at the end of the walk. */
  abstract staleClaims(changes: readonly KeyChange[], after: ClaimPlace): Promise<{ claims: StaleClaim[]; next: ClaimPlace }>;
  /** Of two leads that hold one identity, each under another key, both claims go to the earlier one. */
  abstract copyClaims(claims: readonly NewClaim[]): Promise<void>;
  /** @returns how many were rewritten: not those decided anew meanwhile */
  abstract writeIndexes(indexes: readonly NewIndex[]): Promise<number>;
}
