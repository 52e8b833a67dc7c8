import type { ComponentHealth, HealthProbe } from '#platform';
import type { DecisionTelemetry } from './decision-telemetry.js';
import type { Heartbeat } from './heartbeat.js';
import type { Outlet } from './udp-outlet.js';

const OFF: ComponentHealth = { status: 'up', detail: 'off: LEADGATE_STATSD is not set' };
/** A list this full is about to drop decisions. */
const NEARLY_FULL = 0.9;

/** Do decisions reach the collector, as far as UDP can tell? */
export class TelemetryProbe implements HealthProbe {
  readonly component = 'telemetry';

  constructor(
    private readonly telemetry: Pick<DecisionTelemetry, 'fillRatio'> | undefined,
    private readonly outlet: Pick<Outlet, 'problem'> | undefined,
  ) {}

  probe(): Promise<ComponentHealth> {
    return Promise.resolve(this.judge());
  }

  private judge(): ComponentHealth {
    if (this.telemetry === undefined || this.outlet === undefined) return OFF;
    if (this.outlet.problem !== undefined) return { status: 'degraded', detail: this.outlet.problem };
    if (this.telemetry.fillRatio < NEARLY_FULL) return { status: 'up' };
    return { status: 'degraded', detail: 'decisions pile up on their way to LEADGATE_STATSD and will be dropped' };
  }
}

/** Does the collector hear that this process lives? */
export class HeartbeatProbe implements HealthProbe {
  readonly component = 'heartbeat';

  constructor(
    private readonly heartbeat: Pick<Heartbeat, 'isBeating'> | undefined,
    private readonly outlet: Pick<Outlet, 'problem'> | undefined,
  ) {}

  probe(): Promise<ComponentHealth> {
    return Promise.resolve(this.judge());
  }

  private judge(): ComponentHealth {
    if (this.heartbeat === undefined || this.outlet === undefined) return OFF;
    if (this.outlet.problem !== undefined) return { status: 'degraded', detail: this.outlet.problem };
    return this.heartbeat.isBeating ? { status: 'up' } : { status: 'degraded', detail: 'no heartbeat has left for two intervals' };
  }
}
