import { type DynamicModule, Module } from '@nestjs/common';
import { AuditModule } from '#audit';
import { DeliveryModule, destinationProblems } from '#delivery';
import { ErasureModule } from '#erasure';
import { FeedbackModule } from '#feedback';
import { IngestionModule, SourceKinds } from '#ingestion';
import { KeysModule } from '#keys';
import { LedgerModule } from '#ledger';
import { OperatorEventsModule } from '#operator-events';
import { PipelineModule } from '#pipeline';
import { type ConfigCheck, OutboundRules, PlatformModule, type PlatformParts, type Settings } from '#platform';
import { ReadingModule } from '#reading';
import { ReplayModule } from '#replay';
import { RetentionModule } from '#retention';
import { TelemetryModule } from '#telemetry';
import { WhatIfModule } from '#what-if';

export type GatewayParts = Omit<PlatformParts, 'checkConfig'>;

/** Every process judges a configuration by all kinds, also those its roles do not use: what one imports, all follow. */
function checkConfig({ outbound }: Settings): ConfigCheck {
  const rules = new OutboundRules(outbound.allowed);
  return (config) => [...new SourceKinds().problemsOf(config), ...destinationProblems(config, rules)];
}

/**
 * Which modules a process loads. Every role loads the pipeline (the synchronous verdict and the jobs are the same code) and the reading
 * routes (health and metrics are everybody's); only `api` opens the doors, for leads and for what CRMs say about them.
 */
@Module({})
export class GatewayModule {
  static with(parts: GatewayParts): DynamicModule {
    const door = parts.settings.roles.includes('api') ? [IngestionModule, FeedbackModule, ErasureModule] : [];
    return {
      module: GatewayModule,
      imports: [
        PlatformModule.with({ ...parts, checkConfig: checkConfig(parts.settings) }),
        AuditModule,
        TelemetryModule,
        KeysModule,
        RetentionModule,
        PipelineModule,
        DeliveryModule,
        OperatorEventsModule,
        LedgerModule,
        ReadingModule,
        ReplayModule,
        WhatIfModule,
        ...door,
      ],
    };
  }
}
