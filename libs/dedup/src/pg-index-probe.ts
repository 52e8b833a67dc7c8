import type { TenantId } from '#core';
import type { KeyRings } from '#keys';
import type { Pool } from '#platform';
import { IndexProbe } from './index-probe.port.js';

/** Asks over the pool of the look-ups, so that what stops those stops the probe. */
export class PgIndexProbe extends IndexProbe {
  constructor(
    private readonly pool: Pool,
    private readonly rings: KeyRings,
  ) {
    super();
  }

  override async answering(tenants: readonly TenantId[]): Promise<readonly TenantId[]> {
    const withKey = tenants.filter((tenant) => this.rings.ringOf(tenant) !== null);
    if (withKey.length === 0) return [];
    return this.pool.query('select from identity_claims limit 1').then(
      () => withKey,
      () => [],
    );
  }
}
