import type { ActiveConfig, TenantId } from '#core';
import type { Logger, Pool } from '#platform';

/** Almost always there is none, and then nothing is written. */
const REOPEN = `
  with closed as (select id, closed_since from tenants where closed_since is not null and id = any($1::text[]) order by id for no key update)
  update tenants set closed_since = null from closed where tenants.id = closed.id
  returning tenants.id, extract(epoch from clock_timestamp() - closed.closed_since)::float8 as seconds`;

/** Where another process cannot use it, its tenant is closed again at once: that is told of once in this time, not each second. */
const SELDOM_MS = 60_000;

/**
 * Leads that were left waiting, because a process could not use their tenant's configuration, go on as soon as one can: the relay's next poll rings
 * them. Every process that decides leads looks each second, so nobody has to be told of an activation, and a row that says "closed" outlives no
 * cause.
 */
export class ReopenTenants {
  private readonly toldAt = new Map<TenantId, number>();

  constructor(
    private readonly pool: Pool,
    private readonly config: ActiveConfig,
    private readonly logger: Logger,
  ) {}

  async runOnce(): Promise<void> {
    const usable = this.config.tenants().map(({ tenantId }) => tenantId);
    const { rows } = await this.pool.query<{ id: TenantId; seconds: number }>({ name: 'reopen_tenants', text: REOPEN, values: [usable] });
    for (const { id, seconds } of rows) {
      const now = performance.now();
      if (now - (this.toldAt.get(id) ?? -Infinity) < SELDOM_MS) continue;
      this.toldAt.set(id, now);
      this.logger.info(
        { component: 'pipeline', tenant_id: id, waited_seconds: Math.round(seconds) },
        'a configuration of this tenant can be used: its leads go on',
      );
    }
  }
}
