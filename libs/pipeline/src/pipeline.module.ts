import { Module } from '@nestjs/common';
import { ActiveConfig, Doorbell } from '#core';
import { LOGGER, type Logger, Metrics, Pools } from '#platform';
import { type LeadPipeline, leadPipeline, STAGE_MODULES, STAGES } from './lead-pipeline.js';
import { LeadStore } from './lead-store.port.js';
import { PgLeadStore } from './pg-lead-store.js';
import { ProcessLeads } from './process-leads.js';
import { ReleaseHeldLeads } from './release-held-leads.js';

const LEAD_PIPELINE = Symbol('lead pipeline');

@Module({
  imports: STAGE_MODULES,
  providers: [
    {
      provide: LEAD_PIPELINE,
      useFactory: (...built: unknown[]) => leadPipeline((factory) => built[STAGES.indexOf(factory as never)] as never),
      inject: [...STAGES],
    },
    {
      provide: LeadStore,
      useFactory: (pools: Pools, doorbell: Doorbell, metrics: Metrics) => new PgLeadStore(pools.work, doorbell, metrics),
      inject: [Pools, Doorbell, Metrics],
    },
    {
      provide: ProcessLeads,
      useFactory: (pipeline: LeadPipeline, store: LeadStore, config: ActiveConfig, metrics: Metrics, logger: Logger) =>
        new ProcessLeads(pipeline, store, config, metrics, logger),
      inject: [LEAD_PIPELINE, LeadStore, ActiveConfig, Metrics, LOGGER],
    },
    { provide: ReleaseHeldLeads, useFactory: (pools: Pools) => new ReleaseHeldLeads(pools.relay), inject: [Pools] },
  ],
  exports: [ProcessLeads, ReleaseHeldLeads, LeadStore],
})
export class PipelineModule {}
