import { Inject, type MiddlewareConsumer, Module, type NestModule, type OnModuleInit } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { AccessModule } from '#access';
import { AuditModule } from '#audit';
import { ActiveConfig } from '#core';
import { KeyRings, KeysModule } from '#keys';
import { ConfigStore, echoRequestId, HealthProbes, Pools, ProblemFilter, QUEUE_BACKEND, type QueueBackend, Relay } from '#platform';
import { DestinationsByIdController } from './destinations/destinations-by-id.controller.js';
import { DestinationsController } from './destinations/destinations.controller.js';
import { KnownDestinations } from './destinations/known-destinations.js';
import { CheckHealth } from './health/check-health.js';
import { HealthController } from './health/health.controller.js';
import { ConfigProbe, PipelineProbe, PostgresProbe, QueueProbe } from './health/probes.js';
import { Readiness } from './health/readiness.js';
import { IdentitySearch } from './leads/identity-search.js';
import { LeadsController } from './leads/leads.controller.js';
import { PrismaLeadLists } from './leads/prisma-lead-lists.js';
import { PrismaLeadReader } from './leads/prisma-lead-reader.js';
import { StatsController } from './leads/stats.controller.js';
import { MetricsController } from './metrics.controller.js';
import { OperatorEventsController } from './operators/operator-events.controller.js';
import { ObserveReads } from './observe-reads.js';

const CONTROLLERS = [
  HealthController,
  MetricsController,
  StatsController,
  LeadsController,
  DestinationsController,
  DestinationsByIdController,
  OperatorEventsController,
];

/**
 * Everything that is read over HTTP: leads and their stories (with a key of a tenant or of an operator), health, metrics. It also gives the
 * whole application its one exception filter and its request ids.
 */
@Module({
  imports: [AccessModule, AuditModule, KeysModule],
  controllers: CONTROLLERS,
  providers: [
    { provide: APP_FILTER, useClass: ProblemFilter },
    { provide: CheckHealth, useFactory: (probes: HealthProbes) => new CheckHealth(probes), inject: [HealthProbes] },
    Readiness,
    {
      provide: KnownDestinations,
      useFactory: (pools: Pools, config: ActiveConfig) => new KnownDestinations(pools, config),
      inject: [Pools, ActiveConfig],
    },
    {
      provide: IdentitySearch,
      useFactory: (config: ActiveConfig, rings: KeyRings) => new IdentitySearch(config, rings),
      inject: [ActiveConfig, KeyRings],
    },
    PrismaLeadLists,
    PrismaLeadReader,
  ],
  exports: [AccessModule, Readiness],
})
export class ReadingModule implements NestModule, OnModuleInit {
  constructor(
    private readonly probes: HealthProbes,
    private readonly pools: Pools,
    private readonly config: ConfigStore,
    @Inject(QUEUE_BACKEND) private readonly queue: QueueBackend,
    private readonly relay: Relay,
  ) {}

  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(echoRequestId).forRoutes('{*path}');
    consumer.apply(ObserveReads).forRoutes(...CONTROLLERS);
  }

  onModuleInit(): void {
    this.probes.add(new PostgresProbe(this.pools.relay));
    this.probes.add(new QueueProbe(this.queue, this.relay));
    this.probes.add(new ConfigProbe(this.config));
    this.probes.add(new PipelineProbe(this.pools.relay));
  }
}
