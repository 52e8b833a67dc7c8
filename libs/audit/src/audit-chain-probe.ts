import type { ComponentHealth, HealthProbe, Pool } from '#platform';

/** An event is chained within about a second; one that waits this long means that no process with role relay runs. */
const WAITING_TOO_LONG_SECONDS = 60;

/** Does the chain keep up with the trail? Looks at the first waiting event of the first waiting tenant: two look-ups by key. */
export class AuditChainProbe implements HealthProbe {
  readonly component = 'audit';

  constructor(private readonly pool: Pool) {}

  async probe(): Promise<ComponentHealth> {
    const { rows } = await this.pool.query<{ seconds: number | null }>(
      `SELECT extract(epoch FROM clock_timestamp() - event.at)::float8 AS seconds
         FROM (SELECT event_id FROM audit_unchained ORDER BY tenant_id, event_id LIMIT 1) waiting
         LEFT JOIN audit_events event ON event.id = waiting.event_id`,
    );
    const [oldest] = rows;
    if (oldest === undefined) return { status: 'up' };
    if (oldest.seconds === null)
      return { status: 'degraded', detail: 'an event was removed before it was chained: run leadgate audit verify' };
    if (oldest.seconds < WAITING_TOO_LONG_SECONDS) return { status: 'up' };
    const detail = `an event has waited ${Math.round(oldest.seconds)} s for its place in the chain: does a process with role relay run?`;
    return { status: 'degraded', detail };
  }
}
