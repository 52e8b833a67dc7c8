import { type MiddlewareConsumer, Module, type NestModule } from '@nestjs/common';
import { AccessModule } from '#access';
import { KeyRings, KeysModule } from '#keys';
import { PipelineModule, PipelineOverClaims } from '#pipeline';
import { ConfigStore, Pools, readVersion } from '#platform';
import { ObserveReads, ReadingModule } from '#reading';
import { PgWhatIfSteps } from './pg-what-if-steps.js';
import { PgWhatIfs } from './pg-what-ifs.js';
import { RunWhatIfs } from './run-what-ifs.js';
import { WhatIfController } from './what-if.controller.js';

/** Drafts of the configuration tried on leads that were stored. The relay runs them. */
@Module({
  imports: [AccessModule, ReadingModule, KeysModule, PipelineModule],
  controllers: [WhatIfController],
  providers: [
    {
      provide: PgWhatIfs,
      useFactory: (pools: Pools, config: ConfigStore) => new PgWhatIfs(pools.work, () => config.context()),
      inject: [Pools, ConfigStore],
    },
    {
      provide: RunWhatIfs,
      useFactory: (pools: Pools, pipeline: PipelineOverClaims, rings: KeyRings, config: ConfigStore) =>
        new RunWhatIfs(new PgWhatIfSteps(pools.relay), pipeline, rings, (id) => readVersion(pools.relay, id, config.context())),
      inject: [Pools, PipelineOverClaims, KeyRings, ConfigStore],
    },
  ],
  exports: [RunWhatIfs, PgWhatIfs],
})
export class WhatIfModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(ObserveReads).forRoutes(WhatIfController);
  }
}
