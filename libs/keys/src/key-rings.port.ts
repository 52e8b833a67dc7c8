import type { TenantId } from '#core';

/** A key that fingerprints are made with. The secret is never logged, stored in the database or shown. */
export interface IdentityKey {
  readonly id: string;
  /** At least 32 bytes. */
  readonly secret: Buffer;
}

/**
 * The keys of a tenant: new fingerprints are made under all of them, so that two processes which see different rings still share a key.
 * A key leaves only after the duplicate window has passed and the leads' blind indexes were rewritten.
 */
export interface KeyRing {
  readonly current: IdentityKey;
  readonly previous: readonly IdentityKey[];
}

/** The key rings as this process sees them; followed while running. Abstract class, so that it is also the injection token. */
export abstract class KeyRings {
  /** Synchronous: the pipeline asks for every lead. @returns null when the tenant has no usable key */
  abstract ringOf(tenantId: TenantId): KeyRing | null;
}
