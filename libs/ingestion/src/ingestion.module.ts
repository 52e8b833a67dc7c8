import { type MiddlewareConsumer, Module, type NestModule, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { AuditModule } from '#audit';
import { ActiveConfig, Doorbell } from '#core';
import { LOGGER, type Logger, Metrics, Pools, SETTINGS, type Settings } from '#platform';
import { ObserveReads, ReadingModule } from '#reading';
import { AcceptLead } from './accept/accept-lead.js';
import { Door } from './door/door.js';
import { RateLimiter } from './door/rate-limiter.js';
import { visitRecorder } from './door/visit-record.js';
import { FrontDoorAdapter } from './http/front-door-adapter.js';
import { LeadFront } from './http/lead-front.js';
import { LeadRoutesController } from './http/lead-routes.controller.js';
import { PrismaQuarantine } from './quarantine/prisma-quarantine.js';
import { QuarantineController } from './quarantine/quarantine.controller.js';
import { ReleaseRequest } from './quarantine/release-request.js';
import { SourceKinds } from './sources/source-kinds.js';

/** From a raw request to a stored lead. */
@Module({
  imports: [AuditModule, ReadingModule],
  controllers: [LeadRoutesController, QuarantineController],
  providers: [
    { provide: SourceKinds, useFactory: () => new SourceKinds() },
    {
      provide: AcceptLead,
      useFactory: (pools: Pools, doorbell: Doorbell, metrics: Metrics, { quarantine }: Settings) =>
        new AcceptLead(pools.accept, doorbell, { quarantineBytesPerDay: quarantine.bytesPerDay, onFlush: metrics.flushOf('accept') }),
      inject: [Pools, Doorbell, Metrics, SETTINGS],
    },
    {
      provide: Door,
      useFactory: (config: ActiveConfig, kinds: SourceKinds, accept: AcceptLead, { http }: Settings, logger: Logger, metrics: Metrics) =>
        new Door({
          config,
          kinds,
          accept,
          limiter: new RateLimiter(http.rateLimitPerMinute, () => performance.now()),
          record: visitRecorder(logger, metrics),
        }),
      inject: [ActiveConfig, SourceKinds, AcceptLead, SETTINGS, LOGGER, Metrics],
    },
    {
      provide: LeadFront,
      useFactory: (door: Door, { http }: Settings, logger: Logger) =>
        new LeadFront(door, {
          ...http,
          onFault: (fault) =>
            logger.error({ component: 'door', fault: fault instanceof Error ? fault.name : typeof fault }, 'a lead request failed'),
        }),
      inject: [Door, SETTINGS, LOGGER],
    },
    {
      provide: ReleaseRequest,
      useFactory: (pools: Pools, config: ActiveConfig, kinds: SourceKinds, doorbell: Doorbell) =>
        new ReleaseRequest({ pool: pools.work, config, kinds, doorbell }),
      inject: [Pools, ActiveConfig, SourceKinds, Doorbell],
    },
    PrismaQuarantine,
  ],
  exports: [AcceptLead, SourceKinds],
})
export class IngestionModule implements NestModule, OnModuleInit {
  constructor(
    private readonly host: HttpAdapterHost,
    private readonly front: LeadFront,
  ) {}

  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(ObserveReads).forRoutes(QuarantineController);
  }

  onModuleInit(): void {
    const { httpAdapter } = this.host;
    if (httpAdapter instanceof FrontDoorAdapter) httpAdapter.open(this.front);
  }
}
