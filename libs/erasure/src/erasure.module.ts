import { type MiddlewareConsumer, Module, type NestModule } from '@nestjs/common';
import { AccessModule } from '#access';
import { ObserveReads, ReadingModule } from '#reading';
import { ErasureController } from './erasure.controller.js';

/** Removing what a lead says of a person. */
@Module({ imports: [AccessModule, ReadingModule], controllers: [ErasureController] })
export class ErasureModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(ObserveReads).forRoutes(ErasureController);
  }
}
