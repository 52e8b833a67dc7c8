import { Inject, Module, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import {
  HealthProbes,
  LOGGER,
  type Logger,
  Metrics,
  OutboundHttp,
  OutboundRules,
  Pools,
  SETTINGS,
  type Settings,
  VERSION,
} from '#platform';
import { AlarmsProbe } from './alarms-probe.js';
import { HttpOperatorWebhook } from './telling/http-operator-webhook.js';
import { PgEventStore } from './telling/pg-event-store.js';
import { TellOperators } from './telling/tell-operators.js';
import { WatchGateway } from './watching/watch-gateway.js';

const HTTP = Symbol('http of the operator webhook');

/** What operators are told: watched and sent by whoever has role relay, which calls runOnce() of both. */
@Module({
  providers: [
    {
      provide: HTTP,
      useFactory: ({ outbound }: Settings) =>
        new OutboundHttp({ userAgent: `leadgate/${VERSION}`, rules: new OutboundRules(outbound.allowed) }),
      inject: [SETTINGS],
    },
    {
      provide: TellOperators,
      useFactory: (http: OutboundHttp, pools: Pools, { operators }: Settings, logger: Logger, metrics: Metrics) => {
        const { url, secrets } = operators.webhook;
        const webhook = url === undefined ? null : new HttpOperatorWebhook(http, url, secrets);
        return new TellOperators(new PgEventStore(pools.relay), webhook, operators.eventsPerMinute, logger, metrics);
      },
      inject: [HTTP, Pools, SETTINGS, LOGGER, Metrics],
    },
    {
      provide: WatchGateway,
      useFactory: (pools: Pools, { operators }: Settings, metrics: Metrics) =>
        new WatchGateway(pools.relay, operators.stuckSeconds, metrics),
      inject: [Pools, SETTINGS, Metrics],
    },
  ],
  exports: [TellOperators, WatchGateway],
})
export class OperatorEventsModule implements OnModuleInit, OnApplicationShutdown {
  constructor(
    private readonly probes: HealthProbes,
    private readonly pools: Pools,
    @Inject(HTTP) private readonly http: OutboundHttp,
  ) {}

  onModuleInit(): void {
    this.probes.add(new AlarmsProbe(this.pools.relay));
  }

  async onApplicationShutdown(): Promise<void> {
    await this.http.close();
  }
}
