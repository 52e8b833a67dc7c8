import type { Pool } from 'pg';
import type { Alarm } from '#core';
import type { ComponentHealth, HealthProbe } from '#platform';

/** For information: an alarm is about leads, sources and destinations, not about whether this process can take leads. */
export class AlarmsProbe implements HealthProbe {
  readonly component = 'alarms';

  constructor(private readonly pool: Pool) {}

  async probe(): Promise<ComponentHealth> {
    const { rows } = await this.pool.query<{ alarm: Alarm; count: number }>(
      'SELECT alarm, count(*)::int AS count FROM alarms WHERE raised GROUP BY alarm ORDER BY alarm',
    );
    if (rows.length === 0) return { status: 'up' };
    const says = rows.map(({ alarm, count }) => `${alarm}: ${count}`).join(', ');
    const ours = rows.some(({ alarm }) => alarm === 'leads_stuck' || alarm === 'ledger_unbalanced');
    return { status: ours ? 'degraded' : 'up', detail: `${says}; leadgate events list says more` };
  }
}
