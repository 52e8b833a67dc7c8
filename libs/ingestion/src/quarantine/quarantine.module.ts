import { type MiddlewareConsumer, Module, type NestModule } from '@nestjs/common';
import { AuditModule } from '#audit';
import { ActiveConfig, Doorbell } from '#core';
import { Pools } from '#platform';
import { ObserveReads, ReadingModule } from '#reading';
import { DoorModule } from '../door/door.module.js';
import { SourceKinds } from '../sources/source-kinds.js';
import { PrismaQuarantine } from './prisma-quarantine.js';
import { QuarantineController } from './quarantine.controller.js';
import { ReleaseRequest } from './release-request.js';

/** What became no lead, for operators: an administrative route beside the way of a lead, with the key and the habits of the reading side. */
@Module({
  imports: [AuditModule, ReadingModule, DoorModule],
  controllers: [QuarantineController],
  providers: [
    {
      provide: ReleaseRequest,
      useFactory: (pools: Pools, config: ActiveConfig, kinds: SourceKinds, doorbell: Doorbell) =>
        new ReleaseRequest({ pool: pools.work, config, kinds, doorbell }),
      inject: [Pools, ActiveConfig, SourceKinds, Doorbell],
    },
    PrismaQuarantine,
  ],
})
export class QuarantineModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(ObserveReads).forRoutes(QuarantineController);
  }
}
