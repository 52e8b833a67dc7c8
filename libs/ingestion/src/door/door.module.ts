import { Module, type OnModuleInit } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { AccessModule, FollowedApiKeys } from '#access';
import { ActiveConfig, Doorbell } from '#core';
import { PipelineModule, Verdicts } from '#pipeline';
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
  imports: [AccessModule, PipelineModule],
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
      useFactory: (
        kinds: SourceKinds,
        accept: AcceptLead,
        config: ActiveConfig,
        verdicts: Verdicts,
        apiKeys: FollowedApiKeys,
        { http }: Settings,
        logger: Logger,
        metrics: Metrics,
      ) =>
        new Door({
          kinds,
          accept,
          config,
          verdicts,
          apiKeys,
          keysReady: () => apiKeys.ready(),
          limiter: new RateLimiter(() => performance.now()),
          rateLimitPerMinute: http.rateLimitPerMinute,
          now: () => Date.now() / 1000,
          record: visitRecorder(logger, metrics),
        }),
      inject: [SourceKinds, AcceptLead, ActiveConfig, Verdicts, FollowedApiKeys, SETTINGS, LOGGER, Metrics],
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
