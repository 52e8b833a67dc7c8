import { Module } from '@nestjs/common';
import { KeyRings } from '#keys';
import { LOGGER, type Logger, Metrics, Pools } from '#platform';
import { ClaimIndex } from './claim-index.port.js';
import { dedupStage } from './dedup.stage.js';
import { IndexProbe } from './index-probe.port.js';
import { PgClaimIndex } from './pg-claim-index.js';
import { PgIndexProbe } from './pg-index-probe.js';

/** Where no keys are bound, every check is skipped. */
const NO_RINGS: KeyRings = { ringOf: () => null };
const KEY_RINGS = { token: KeyRings, optional: true };

@Module({
  providers: [
    {
      provide: ClaimIndex,
      useFactory: (pools: Pools, logger: Logger, metrics: Metrics, rings: KeyRings = NO_RINGS) =>
        new PgClaimIndex(pools.claims, rings, logger, metrics),
      inject: [Pools, LOGGER, Metrics, KEY_RINGS],
    },
    {
      provide: IndexProbe,
      useFactory: (pools: Pools, rings: KeyRings = NO_RINGS) => new PgIndexProbe(pools.claims, rings),
      inject: [Pools, KEY_RINGS],
    },
    { provide: dedupStage, useFactory: dedupStage, inject: [ClaimIndex] },
  ],
  exports: [dedupStage, IndexProbe],
})
export class DedupModule {}
