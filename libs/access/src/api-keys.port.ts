import type { SourceId, TenantId } from '#core';

/** Who calls, by the key that was shown. `keyId` may be logged; nothing else of a key may. */
export type Principal =
  | { readonly scope: 'operator'; readonly keyId: string }
  | { readonly scope: 'tenant'; readonly keyId: string; readonly tenantId: TenantId }
  | { readonly scope: 'source'; readonly keyId: string; readonly tenantId: TenantId; readonly sourceId: SourceId };

/** The keys as this process knows them, at most 5 s behind their rows. Abstract class, so that it is also the injection token. */
export abstract class ApiKeys {
  /** In constant time. Synchronous: the door asks for every request. @returns null for a key that is unknown, revoked or no key at all */
  abstract find(presented: string): Principal | null;
}
