import { Module, type OnModuleInit } from '@nestjs/common';
import { HealthProbes, LOGGER, type Logger, Pools } from '#platform';
import { AuditChainProbe } from './audit-chain-probe.js';
import { AuditChainer } from './audit-chainer.js';
import { AuditTrail } from './audit-trail.js';

/**
 * The append-only trail: appended in the transaction of what it tells, chained behind it by whoever has role relay (which starts and stops
 * the AuditChainer).
 */
@Module({
  providers: [
    AuditTrail,
    {
      provide: AuditChainer,
      useFactory: (pools: Pools, logger: Logger) => new AuditChainer(pools.relay, logger),
      inject: [Pools, LOGGER],
    },
  ],
  exports: [AuditTrail, AuditChainer],
})
export class AuditModule implements OnModuleInit {
  constructor(
    private readonly probes: HealthProbes,
    private readonly pools: Pools,
  ) {}

  onModuleInit(): void {
    this.probes.add(new AuditChainProbe(this.pools.relay));
  }
}
