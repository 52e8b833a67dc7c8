import type { ApiKeyRow } from '#access';

/** A key as programs read it; neither the key nor its hash. */
export function keyAsJson({ id, scope, tenantId, sourceId, name, createdAt, revokedAt }: ApiKeyRow): object {
  return { id, scope, tenant: tenantId, source: sourceId, name, created_at: createdAt, revoked_at: revokedAt };
}

/** Whom the key speaks for. */
export function holderInWords({ scope, tenantId, sourceId }: ApiKeyRow): string {
  return sourceId ?? tenantId ?? scope;
}
