import { type DecisionEvent, DecisionSink } from '#core';
import type { HealthProbe } from '#platform';
import { CollectorAddress, type CollectorName, type Resolve } from './collector-address.js';
import { DecisionTelemetry } from './decision-telemetry.js';
import { Heartbeat } from './heartbeat.js';
import { HeartbeatProbe, TelemetryProbe } from './probes.js';
import { UdpOutlet } from './udp-outlet.js';

export interface TelemetryOptions {
  /** undefined: telemetry is off. */
  readonly collector: CollectorName | undefined;
  /** Decisions that may wait. */
  readonly queueCapacity: number;
  readonly heartbeatSeconds: number;
  readonly onDropped: (decisions: number) => void;
  /** For tests: how the collector's name is resolved. */
  readonly resolve?: Resolve;
}

/** How long a stopping process may take to tell what still waits. */
export const STOP_LIMIT_MS = 500;

/** What is told to a StatsD collector: decisions and heartbeats, each over a socket of its own, both over one address that is looked up beside them. */
export class Telemetry extends DecisionSink {
  readonly probes: readonly HealthProbe[];
  private readonly address: CollectorAddress | undefined;
  private readonly decisions: DecisionTelemetry | undefined;
  private readonly heartbeat: Heartbeat | undefined;

  constructor({ collector, queueCapacity, heartbeatSeconds, onDropped, resolve }: TelemetryOptions) {
    super();
    if (collector === undefined) {
      this.probes = [new TelemetryProbe(undefined, undefined), new HeartbeatProbe(undefined, undefined)];
      return;
    }
    this.address = new CollectorAddress(collector, resolve);
    const decisionOutlet = new UdpOutlet(this.address);
    const heartbeatOutlet = new UdpOutlet(this.address);
    const decisions = new DecisionTelemetry(decisionOutlet, queueCapacity, onDropped);
    this.decisions = decisions;
    this.heartbeat = new Heartbeat(heartbeatOutlet, heartbeatSeconds, {
      uptimeSeconds: () => process.uptime(),
      queueFillRatio: () => decisions.fillRatio,
    });
    this.probes = [new TelemetryProbe(decisions, decisionOutlet), new HeartbeatProbe(this.heartbeat, heartbeatOutlet)];
  }

  start(): void {
    this.address?.start();
    this.heartbeat?.start();
  }

  override decided(event: DecisionEvent): void {
    this.decisions?.decided(event);
  }

  async stop(): Promise<void> {
    this.address?.stop();
    this.heartbeat?.stop();
    await this.decisions?.stop(STOP_LIMIT_MS);
  }
}
