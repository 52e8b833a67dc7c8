import { type DynamicModule, Module } from '@nestjs/common';
import { AuditModule } from '#audit';
import { DeliveryModule } from '#delivery';
import { IngestionModule } from '#ingestion';
import { PipelineModule } from '#pipeline';
import { PlatformModule, type PlatformParts } from '#platform';
import { ReadingModule } from '#reading';
import { RetentionModule } from '#retention';

/**
 * Which modules a process loads. Every role loads the pipeline (the synchronous verdict and the jobs are the same code) and the reading
 * routes (health and metrics are everybody's); only `api` opens the door for leads.
 */
@Module({})
export class GatewayModule {
  static with(parts: PlatformParts): DynamicModule {
    const door = parts.settings.roles.includes('api') ? [IngestionModule] : [];
    return {
      module: GatewayModule,
      imports: [PlatformModule.with(parts), AuditModule, RetentionModule, PipelineModule, DeliveryModule, ReadingModule, ...door],
    };
  }
}
