import { type MiddlewareConsumer, Module, type NestModule } from '@nestjs/common';
import { AccessModule } from '#access';
import { ActiveConfig, Doorbell } from '#core';
import { ReleaseRequest, SourceKinds } from '#ingestion';
import { LOGGER, type Logger, Pools } from '#platform';
import { ObserveReads, ReadingModule } from '#reading';
import { LeadReplayController } from './lead-replay.controller.js';
import { ReplaysController } from './replays.controller.js';
import { RunReplays } from './run-replays.js';

const CONTROLLERS = [ReplaysController, LeadReplayController];

/** Leads that came to an end, or wait for a person, are taken up again: one at once, many at a rate. */
@Module({
  imports: [AccessModule, ReadingModule],
  controllers: CONTROLLERS,
  providers: [
    {
      provide: RunReplays,
      useFactory: (pools: Pools, config: ActiveConfig, doorbell: Doorbell, logger: Logger) =>
        new RunReplays(pools.relay, new ReleaseRequest({ pool: pools.relay, config, kinds: new SourceKinds(), doorbell }), logger),
      inject: [Pools, ActiveConfig, Doorbell, LOGGER],
    },
  ],
  exports: [RunReplays],
})
export class ReplayModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(ObserveReads).forRoutes(...CONTROLLERS);
  }
}
