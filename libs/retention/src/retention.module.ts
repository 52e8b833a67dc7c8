import { Module } from '@nestjs/common';
import { AuditTrail } from '#audit';
import { Pools, SETTINGS, type Settings } from '#platform';
import { SweepExpired } from './sweep-expired.js';

@Module({
  providers: [
    {
      provide: SweepExpired,
      useFactory: (pools: Pools, { quarantine }: Settings) =>
        new SweepExpired(pools.work, { quarantineDays: quarantine.days }, new AuditTrail()),
      inject: [Pools, SETTINGS],
    },
  ],
  exports: [SweepExpired],
})
export class RetentionModule {}
