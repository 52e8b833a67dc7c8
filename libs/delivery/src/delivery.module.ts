import { Module, type OnApplicationShutdown } from '@nestjs/common';
import { ActiveConfig } from '#core';
import { LOGGER, type Logger, Metrics, OutboundHttp, OutboundRules, Pools, SETTINGS, type Settings, VERSION } from '#platform';
import { AttemptLedger } from './attempt-ledger.port.js';
import { AttemptLog } from './attempt-log.js';
import { CallBudgets } from './call-budgets.port.js';
import { ConfiguredDestinations } from './configured-destinations.js';
import { DeliverLeads } from './deliver-leads.js';
import { DestinationRegistry } from './destination-registry.js';
import { destinationKinds } from './destinations/destination-kinds.js';
import { FileDrops } from './destinations/file/file-drops.js';
import { fetchers } from './destinations/fetchers.js';
import { DueDeliveries } from './due-deliveries.port.js';
import { ExpiredLeases } from './expired-leases.port.js';
import { MakeAttempt } from './make-attempt.js';
import { PgAttemptLedger } from './pg-attempt-ledger.js';
import { PgCallBudgets } from './pg-call-budgets.js';
import { PgDueDeliveries } from './pg-due-deliveries.js';
import { PgExpiredLeases } from './pg-expired-leases.js';
import { ReclaimExpiredLeases } from './reclaim-expired-leases.js';
import { PgTendServices } from './services/pg-tend-services.js';
import { TendServices } from './services/tend-services.js';

@Module({
  providers: [
    {
      provide: OutboundHttp,
      useFactory: ({ outbound }: Settings) =>
        new OutboundHttp({ userAgent: `leadgate/${VERSION}`, rules: new OutboundRules(outbound.allowed) }),
      inject: [SETTINGS],
    },
    { provide: FileDrops, useFactory: ({ files }: Settings) => new FileDrops(files.drop), inject: [SETTINGS] },
    {
      provide: DestinationRegistry,
      useFactory: (http: OutboundHttp, drops: FileDrops) =>
        new DestinationRegistry(destinationKinds(http, drops), fetchers(http), http.rules),
      inject: [OutboundHttp, FileDrops],
    },
    {
      provide: ConfiguredDestinations,
      useFactory: (active: ActiveConfig, registry: DestinationRegistry, settings: Settings) =>
        new ConfiguredDestinations(active, registry, settings.delivery.retryBaseSeconds),
      inject: [ActiveConfig, DestinationRegistry, SETTINGS],
    },
    { provide: AttemptLog, useFactory: (logger: Logger, metrics: Metrics) => new AttemptLog(logger, metrics), inject: [LOGGER, Metrics] },
    {
      provide: AttemptLedger,
      useFactory: (pools: Pools, metrics: Metrics) => new PgAttemptLedger(pools.attempts, metrics),
      inject: [Pools, Metrics],
    },
    {
      provide: DueDeliveries,
      useFactory: (pools: Pools, metrics: Metrics) => new PgDueDeliveries(pools.work, metrics),
      inject: [Pools, Metrics],
    },
    { provide: ExpiredLeases, useFactory: (pools: Pools) => new PgExpiredLeases(pools.relay), inject: [Pools] },
    { provide: CallBudgets, useFactory: (pools: Pools) => new PgCallBudgets(pools.work), inject: [Pools] },
    {
      provide: MakeAttempt,
      useFactory: (attempts: AttemptLedger, log: AttemptLog) => new MakeAttempt(attempts, log),
      inject: [AttemptLedger, AttemptLog],
    },
    {
      provide: DeliverLeads,
      useFactory: (
        due: DueDeliveries,
        destinations: ConfiguredDestinations,
        makeAttempt: MakeAttempt,
        budgets: CallBudgets,
        log: AttemptLog,
      ) => new DeliverLeads(due, destinations, makeAttempt, budgets, log),
      inject: [DueDeliveries, ConfiguredDestinations, MakeAttempt, CallBudgets, AttemptLog],
    },
    {
      provide: TendServices,
      useFactory: (pools: Pools, destinations: ConfiguredDestinations) => new TendServices(new PgTendServices(pools.relay), destinations),
      inject: [Pools, ConfiguredDestinations],
    },
    {
      provide: ReclaimExpiredLeases,
      useFactory: (leases: ExpiredLeases, attempts: AttemptLedger, destinations: ConfiguredDestinations, log: AttemptLog) =>
        new ReclaimExpiredLeases(leases, attempts, destinations, log),
      inject: [ExpiredLeases, AttemptLedger, ConfiguredDestinations, AttemptLog],
    },
  ],
  exports: [FileDrops, DeliverLeads, ReclaimExpiredLeases, DestinationRegistry],
})
export class DeliveryModule implements OnApplicationShutdown {
  constructor(
    private readonly http: OutboundHttp,
    private readonly drops: FileDrops,
  ) {}

  async onApplicationShutdown(): Promise<void> {
    await Promise.all([this.http.close(), this.drops.close()]);
  }
}
