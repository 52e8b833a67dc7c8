import type { TenantId } from '#core';

/** Whether leads that wait for the index may be checked now. Abstract class, so that it is also the injection token. */
export abstract class IndexProbe {
  /** @returns those of the tenants whose leads can be checked: they have a usable key and the index answers. Never throws */
  abstract answering(tenants: readonly TenantId[]): Promise<readonly TenantId[]>;
}
