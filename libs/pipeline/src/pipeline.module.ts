import { Module } from '@nestjs/common';
import { ActiveConfig, DecisionSink, Doorbell } from '#core';
import { IndexProbe } from '#dedup';
import { KeyRings } from '#keys';
import { LOGGER, type Logger, Metrics, Pools } from '#platform';
import { ShadowJudge } from '#policy';
import { VerdictsAtOnce } from './verdicts-at-once.js';
import { FirstJourneys } from './first-journeys.port.js';
import { type LeadPipeline, leadPipeline, STAGE_MODULES, STAGES } from './lead-pipeline.js';
import { CheckAgain } from './check-again.js';
import { LeadStore } from './lead-store.port.js';
import { PassOnClaims } from './pass-on-claims.js';
import { PipelineOverClaims } from './pipeline-over-claims.js';
import { PgBlindIndexes } from './pg-blind-indexes.js';
import { PgFirstJourneys } from './pg-first-journeys.js';
import { PgLeadStore } from './pg-lead-store.js';
import { ProcessLeads } from './process-leads.js';
import { ReleaseHeldLeads } from './release-held-leads.js';
import { ReopenTenants } from './reopen-tenants.js';
import { RewriteBlindIndexes } from './rewrite-blind-indexes.js';
import { NoDecisionSink, TellDecisions } from './tell-decisions.js';
import { Verdicts } from './verdicts.port.js';

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
      provide: PipelineOverClaims,
      useFactory: (...built: unknown[]) => new PipelineOverClaims((factory) => built[STAGES.indexOf(factory as never)] as never),
      inject: [...STAGES],
    },
    {
      provide: LeadStore,
      useFactory: (pools: Pools, doorbell: Doorbell, metrics: Metrics) => new PgLeadStore(pools.work, doorbell, metrics),
      inject: [Pools, Doorbell, Metrics],
    },
    {
      provide: ProcessLeads,
      useFactory: (pipeline: LeadPipeline, store: LeadStore, config: ActiveConfig, teller: TellDecisions, logger: Logger) =>
        new ProcessLeads(pipeline, store, config, teller, logger),
      inject: [LEAD_PIPELINE, LeadStore, ActiveConfig, TellDecisions, LOGGER],
    },
    {
      provide: TellDecisions,
      useFactory: (metrics: Metrics, logger: Logger, shadow: ShadowJudge, sink: DecisionSink = new NoDecisionSink()) =>
        new TellDecisions(metrics, logger, sink, shadow),
      inject: [Metrics, LOGGER, ShadowJudge, { token: DecisionSink, optional: true }],
    },
    {
      provide: FirstJourneys,
      useFactory: (pools: Pools, metrics: Metrics) => new PgFirstJourneys(pools.work, metrics),
      inject: [Pools, Metrics],
    },
    {
      provide: Verdicts,
      useFactory: (processLeads: ProcessLeads, journeys: FirstJourneys, logger: Logger) =>
        new VerdictsAtOnce(processLeads, journeys, logger),
      inject: [ProcessLeads, FirstJourneys, LOGGER],
    },
    {
      provide: ReleaseHeldLeads,
      useFactory: (pools: Pools, index: IndexProbe, config: ActiveConfig) => new ReleaseHeldLeads(pools.relay, index, config),
      inject: [Pools, IndexProbe, ActiveConfig],
    },
    {
      provide: ReopenTenants,
      useFactory: (pools: Pools, config: ActiveConfig, logger: Logger) => new ReopenTenants(pools.relay, config, logger),
      inject: [Pools, ActiveConfig, LOGGER],
    },
    {
      provide: PassOnClaims,
      useFactory: (pools: Pools, config: ActiveConfig) => new PassOnClaims(pools.relay, config),
      inject: [Pools, ActiveConfig],
    },
    {
      provide: CheckAgain,
      useFactory: (pools: Pools, index: IndexProbe, config: ActiveConfig, metrics: Metrics, rings: KeyRings = { ringOf: () => null }) =>
        new CheckAgain({ pool: pools.relay, index, rings, config, metrics }),
      inject: [Pools, IndexProbe, ActiveConfig, Metrics, { token: KeyRings, optional: true }],
    },
    {
      provide: RewriteBlindIndexes,
      useFactory: (pools: Pools, config: ActiveConfig, rings: KeyRings = { ringOf: () => null }) =>
        new RewriteBlindIndexes(new PgBlindIndexes(pools.relay), rings, config, Date.now),
      inject: [Pools, ActiveConfig, { token: KeyRings, optional: true }],
    },
  ],
  exports: [
    PipelineOverClaims,
    ProcessLeads,
    CheckAgain,
    PassOnClaims,
    ReleaseHeldLeads,
    ReopenTenants,
    RewriteBlindIndexes,
    LeadStore,
    Verdicts,
  ],
})
export class PipelineModule {}
