import { createHmac } from 'node:crypto';
import type { Fingerprint, Identity, IdentityKind, TenantId } from '#core';
import type { KeyRing } from './key-rings.port.js';

/** How an identity is named inside its fingerprint; the words of the guard that Leadgate replaces, so that its fingerprints stay comparable. */
const LABELS: Readonly<Record<IdentityKind, string>> = { email: 'email_normalized', phone: 'phone_normalized', native_id: 'native_id' };

/** HMAC-SHA256 over `<tenant>:<label>=<value>`: the same person under two tenants has nothing in common. @returns 32 bytes */
export function fingerprintOf(secret: Buffer, tenantId: TenantId, { kind, value }: Identity): Buffer {
  return createHmac('sha256', secret).update(`${tenantId}:${LABELS[kind]}=${value}`).digest();
}

/** Every identity under every key of the ring, the current key first. */
export function fingerprintsOf(ring: KeyRing, tenantId: TenantId, identities: readonly Identity[]): Fingerprint[] {
  return [ring.current, ...ring.previous].flatMap((key, index) =>
    identities.map((identity) => ({
      kind: identity.kind,
      keyId: key.id,
      current: index === 0,
      value: fingerprintOf(key.secret, tenantId, identity),
    })),
  );
}
