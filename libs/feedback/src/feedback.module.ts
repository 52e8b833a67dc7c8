import { type MiddlewareConsumer, Module, type NestModule } from '@nestjs/common';
import { AccessModule } from '#access';
import { Pools } from '#platform';
import { ObserveReads, ReadingModule } from '#reading';
import { FeedbackController } from './feedback.controller.js';
import { RecordFeedback } from './record-feedback.js';

/** What CRMs tell about the leads they were sent. */
@Module({
  imports: [AccessModule, ReadingModule],
  controllers: [FeedbackController],
  providers: [{ provide: RecordFeedback, useFactory: (pools: Pools) => new RecordFeedback(pools.work), inject: [Pools] }],
})
export class FeedbackModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(ObserveReads).forRoutes(FeedbackController);
  }
}
