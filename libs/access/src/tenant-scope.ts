import type { TenantId } from '#core';
import type { CallerOf } from './key.guard.js';

/** Whose rows a look-up may find. Every finder of many rows takes one, so that none can forget to ask. */
export type TenantScope = { readonly only: TenantId } | 'every_tenant';

/** A tenant's key finds its tenant's rows, an operator's those of every tenant. */
export function scopeOf(caller: CallerOf<'tenant' | 'operator'>): TenantScope {
  return caller.scope === 'operator' ? 'every_tenant' : { only: caller.tenantId };
}

/**
 * The tenants that both the scope and the caller's own filter allow, as a condition on a column; a filter for another tenant finds nothing.
 * @param wanted the tenant the caller asked for
 */
export function tenantCondition(scope: TenantScope, wanted: string | undefined): { readonly in: string[] } | string | undefined {
  if (scope === 'every_tenant') return wanted;
  return wanted === undefined || wanted === scope.only ? scope.only : { in: [] };
}
