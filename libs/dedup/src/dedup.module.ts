import { Module } from '@nestjs/common';
import { KeyRings } from '#keys';
import { LOGGER, type Logger, Metrics, Periodic, Pools, SETTINGS, type Settings } from '#platform';
import { ClaimAccelerators, type KeptFilter } from './accelerators/claim-accelerators.js';
import { PgBloomClaims } from './accelerators/pg-bloom-claims.js';
import { PgUncheckedLeads } from './accelerators/pg-unchecked-leads.js';
import { RedisClaims } from './accelerators/redis-claims.js';
import { ClaimIndex } from './claim-index.port.js';
import { dedupStage } from './dedup.stage.js';
import { IndexProbe } from './index-probe.port.js';
import { PgClaimIndex } from './pg-claim-index.js';
import { PgIndexProbe } from './pg-index-probe.js';

/** Where no keys are bound, every check is skipped. */
const NO_RINGS: KeyRings = { ringOf: () => null };
const KEY_RINGS = { token: KeyRings, optional: true };

const ROUND_MS = 1000;

function acceleratorsOf({ accelerators, cacheUrl }: Settings['dedup'], pool: Pools['relay'], logger: Logger): ClaimAccelerators {
  // In this order: the one that asks nobody first.
  const filters: KeptFilter[] = [];
  if (accelerators.includes('bloom')) filters.push(new PgBloomClaims(pool, logger));
  if (accelerators.includes('redis') && cacheUrl !== undefined) filters.push(new RedisClaims(cacheUrl, pool, logger));
  const unchecked = new PgUncheckedLeads(pool);
  const kept = filters.length === 0 ? [] : [{ name: 'unchecked_leads', refresh: () => unchecked.refresh() }, ...filters];
  const rounds = kept.map((one) => ({ name: `claims_${one.name}`, everyMs: ROUND_MS, run: () => one.refresh() }));
  return new ClaimAccelerators({ filters, unchecked, rounds: new Periodic(rounds, logger) });
}

@Module({
  providers: [
    {
      provide: ClaimIndex,
      useFactory: (pools: Pools, logger: Logger, metrics: Metrics, accelerators: ClaimAccelerators, rings: KeyRings = NO_RINGS) =>
        accelerators.over(new PgClaimIndex(pools.claims, rings, logger, metrics), rings),
      inject: [Pools, LOGGER, Metrics, ClaimAccelerators, KEY_RINGS],
    },
    {
      provide: ClaimAccelerators,
      useFactory: ({ dedup }: Settings, pools: Pools, logger: Logger) => acceleratorsOf(dedup, pools.relay, logger),
      inject: [SETTINGS, Pools, LOGGER],
    },
    {
      provide: IndexProbe,
      useFactory: (pools: Pools, rings: KeyRings = NO_RINGS) => new PgIndexProbe(pools.claims, rings),
      inject: [Pools, KEY_RINGS],
    },
    { provide: dedupStage, useFactory: dedupStage, inject: [ClaimIndex] },
  ],
  exports: [dedupStage, IndexProbe, ClaimAccelerators],
})
export class DedupModule {}
