/** `up`: works. `degraded`: works with less, or later. `down`: does not. */
export type ComponentStatus = 'up' | 'degraded' | 'down';

export interface ComponentHealth {
  readonly status: ComponentStatus;
  /** One sentence for the operator; no addresses, names or values of people. */
  readonly detail?: string;
}

/** One part of the gateway that can say how it is, asked live. A probe that throws or is late counts as down. */
export interface HealthProbe {
  /** The name under `components`: postgres, queue, config, pipeline, … */
  readonly component: string;
  probe(): Promise<ComponentHealth>;
}

/** Where modules put their probes when they start. Of all components only `postgres` decides a status code. */
export class HealthProbes {
  private readonly byComponent = new Map<string, HealthProbe>();

  /** @throws Error when two probes claim one component: the second would hide the first */
  add(probe: HealthProbe): void {
    if (this.byComponent.has(probe.component)) {
      throw new Error(`Two health probes are named "${probe.component}": give one of them another component name.`);
    }
    this.byComponent.set(probe.component, probe);
  }

  all(): readonly HealthProbe[] {
    return [...this.byComponent.values()];
  }
}
