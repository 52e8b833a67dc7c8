import { Module, type OnApplicationShutdown } from '@nestjs/common';
import { ActiveConfig } from '#core';
import { LOGGER, type Logger, Metrics, OutboundHttp, OutboundRules, Pools, SETTINGS, type Settings, VERSION } from '#platform';
import { AttemptLedger } from './attempt-ledger.port.js';
import { AttemptLog } from './attempt-log.js';
import { ConfiguredDestinations } from './configured-destinations.js';
import { DeliverLeads } from './deliver-leads.js';
import { DestinationRegistry } from './destination-registry.js';
import { destinationKinds } from './destinations/destination-kinds.js';
import { fetchers } from './destinations/fetchers.js';
import { DueDeliveries } from './due-deliveries.port.js';
import { ExpiredLeases } from './expired-leases.port.js';
import { PgAttemptLedger } from './pg-attempt-ledger.js';
import { PgDueDeliveries } from './pg-due-deliveries.js';
import { PgExpiredLeases } from './pg-expired-leases.js';
import { ReclaimExpiredLeases } from './reclaim-expired-leases.js';

@Module({
  providers: [
    {
      provide: OutboundHttp,
      useFactory: ({ outbound }: Settings) =>
        new OutboundHttp({ userAgent: `leadgate/${VERSION}`, rules: new OutboundRules(outbound.allowed) }),
      inject: [SETTINGS],
    },
    {
      provide: DestinationRegistry,
      useFactory: (http: OutboundHttp) => new DestinationRegistry(destinationKinds(http), fetchers(http), http.rules),
      inject: [OutboundHttp],
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
      useFactory: (pools: Pools, metrics: Metrics) => new PgAttemptLedger(pools.work, metrics),
      inject: [Pools, Metrics],
    },
    {
      provide: DueDeliveries,
      useFactory: (pools: Pools, metrics: Metrics) => new PgDueDeliveries(pools.work, metrics),
      inject: [Pools, Metrics],
    },
    { provide: ExpiredLeases, useFactory: (pools: Pools) => new PgExpiredLeases(pools.relay), inject: [Pools] },
    {
      provide: DeliverLeads,
      useFactory: (due: DueDeliveries, attempts: AttemptLedger, destinations: ConfiguredDestinations, log: AttemptLog) =>
        new DeliverLeads(due, attempts, destinations, log),
      inject: [DueDeliveries, AttemptLedger, ConfiguredDestinations, AttemptLog],
    },
    {
      provide: ReclaimExpiredLeases,
      useFactory: (leases: ExpiredLeases, attempts: AttemptLedger, destinations: ConfiguredDestinations, log: AttemptLog) =>
        new ReclaimExpiredLeases(leases, attempts, destinations, log),
      inject: [ExpiredLeases, AttemptLedger, ConfiguredDestinations, AttemptLog],
    },
  ],
  exports: [DeliverLeads, ReclaimExpiredLeases, DestinationRegistry],
})
export class DeliveryModule implements OnApplicationShutdown {
  constructor(private readonly http: OutboundHttp) {}

  async onApplicationShutdown(): Promise<void> {
    await this.http.close();
  }
}
