import { Global, Module, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { DecisionSink } from '#core';
import { HealthProbes, Metrics, SETTINGS, type Settings } from '#platform';
import { Telemetry } from './telemetry.js';

/** Gives every module the DecisionSink that speaks StatsD over UDP, or keeps silent without LEADGATE_STATSD. */
@Global()
@Module({
  providers: [
    {
      provide: Telemetry,
      useFactory: ({ telemetry }: Settings, metrics: Metrics) =>
        new Telemetry({ ...telemetry, onDropped: (decisions) => metrics.telemetryDropped.inc(decisions) }),
      inject: [SETTINGS, Metrics],
    },
    { provide: DecisionSink, useExisting: Telemetry },
  ],
  exports: [DecisionSink],
})
export class TelemetryModule implements OnModuleInit, OnModuleDestroy {
  constructor(
    private readonly telemetry: Telemetry,
    private readonly health: HealthProbes,
  ) {}

  onModuleInit(): void {
    for (const probe of this.telemetry.probes) this.health.add(probe);
    this.telemetry.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.telemetry.stop();
  }
}
