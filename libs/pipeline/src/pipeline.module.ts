import { Module } from '@nestjs/common';
import { ActiveConfig, Doorbell } from '#core';
import { ClaimIndex, DedupModule } from '#dedup';
import { LOGGER, type Logger, Metrics, Pools } from '#platform';
import { leadPipeline } from './lead-pipeline.js';
import { LeadStore } from './lead-store.port.js';
import { PgLeadStore } from './pg-lead-store.js';
import { ProcessLeads } from './process-leads.js';
import { ReleaseHeldLeads } from './release-held-leads.js';

@Module({
  imports: [DedupModule],
  providers: [
    {
      provide: LeadStore,
      useFactory: (pools: Pools, doorbell: Doorbell, metrics: Metrics) => new PgLeadStore(pools.work, doorbell, metrics),
      inject: [Pools, Doorbell, Metrics],
    },
    {
      provide: ProcessLeads,
      useFactory: (claims: ClaimIndex, store: LeadStore, config: ActiveConfig, metrics: Metrics, logger: Logger) =>
        new ProcessLeads(leadPipeline({ claims }), store, config, metrics, logger),
      inject: [ClaimIndex, LeadStore, ActiveConfig, Metrics, LOGGER],
    },
    { provide: ReleaseHeldLeads, useFactory: (pools: Pools) => new ReleaseHeldLeads(pools.relay), inject: [Pools] },
  ],
  exports: [ProcessLeads, ReleaseHeldLeads, LeadStore],
})
export class PipelineModule {}
