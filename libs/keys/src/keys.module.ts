import { Global, Module, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { HealthProbes, LOGGER, type Logger, OutboundHttp, OutboundRules, Pools, SETTINGS, type Settings, VERSION } from '#platform';
import { FollowedKeyRings } from './followed-key-rings.js';
import { KeyRings } from './key-rings.port.js';
import { PgKeyRegistry } from './pg-key-registry.js';
import { keyProviderOf } from './providers/provider-kinds.js';

/** The keys that identities are compared with, for every module. Whoever runs the process calls start() and stop() of FollowedKeyRings. */
@Global()
@Module({
  providers: [
    { provide: OutboundHttp, useFactory: () => new OutboundHttp({ userAgent: `leadgate/${VERSION}`, rules: OutboundRules.operatorsOwn }) },
    {
      provide: FollowedKeyRings,
      useFactory: (settings: Settings, http: OutboundHttp, pools: Pools, logger: Logger) =>
        new FollowedKeyRings({
          provider: keyProviderOf(settings, http),
          registry: new PgKeyRegistry(pools.relay),
          logger,
          pollSeconds: settings.keys.pollSeconds,
        }),
      inject: [SETTINGS, OutboundHttp, Pools, LOGGER],
    },
    { provide: KeyRings, useExisting: FollowedKeyRings },
  ],
  exports: [KeyRings, FollowedKeyRings],
})
export class KeysModule implements OnModuleInit, OnModuleDestroy {
  constructor(
    private readonly rings: FollowedKeyRings,
    private readonly http: OutboundHttp,
    private readonly probes: HealthProbes,
  ) {}

  onModuleInit(): void {
    this.probes.add(this.rings);
  }

  async onModuleDestroy(): Promise<void> {
    await this.http.close();
  }
}
