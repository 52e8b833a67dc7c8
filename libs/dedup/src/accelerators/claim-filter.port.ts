import type { IdentityKind, TenantId } from '#core';

/** What an accelerator knows a claim by. */
export interface ClaimKey {
  readonly tenantId: TenantId;
  readonly kind: IdentityKind;
  readonly fingerprint: Buffer;
}

/**
 * Says of identities that nobody holds them, faster than Postgres. It may be wrong in both directions and costs nothing but time then: a
 * wrong "held" is a look-up too many, and a wrong "free" meets the claim in Postgres when it is written, and the lead is decided again.
 */
export interface ClaimFilter {
  readonly name: 'bloom' | 'redis';
  /** @returns null where it cannot say. Never throws */
  mayBeHeld(claims: readonly ClaimKey[]): boolean | null | Promise<boolean | null>;
  /** Somebody is about to claim these. Never throws and is not waited for. */
  remember(claims: readonly ClaimKey[], windowHours: number): void;
}
