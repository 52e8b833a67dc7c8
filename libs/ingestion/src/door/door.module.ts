import { Module, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { ActiveConfig, Doorbell } from '#core';
import { LOGGER, type Logger, Metrics, Pools, SETTINGS, type Settings } from '#platform';
import { AcceptLead } from '../accept/accept-lead.js';
import { FrontDoorAdapter } from '../http/front-door-adapter.js';
import { LeadFront } from '../http/lead-front.js';
import { LeadRoutesController } from '../http/lead-routes.controller.js';
import { SourceKinds } from '../sources/source-kinds.js';
import { Door } from './door.js';
import { RateLimiter } from './rate-limiter.js';
import { visitRecorder } from './visit-record.js';

/** The way of a lead: from a request to a committed row. */
@Module({
  controllers: [LeadRoutesController],
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
          maxBodyBytes: http.maxBodyBytes,
          trustedProxies: http.trustedProxies,
          onFault: (fault) =>
            logger.error({ component: 'door', fault: fault instanceof Error ? fault.name : typeof fault }, 'a lead request failed'),
        }),
      inject: [Door, SETTINGS, LOGGER],
    },
  ],
  exports: [AcceptLead, SourceKinds],
})
export class DoorModule implements OnModuleInit {
  constructor(
    private readonly host: HttpAdapterHost,
    private readonly front: LeadFront,
  ) {}

  onModuleInit(): void {
    const { httpAdapter } = this.host;
    if (httpAdapter instanceof FrontDoorAdapter) httpAdapter.open(this.front);
  }
}
