import { Module } from '@nestjs/common';
import { LOGGER, type Logger, Metrics, Pools } from '#platform';
import { WatchLedger } from './watch-ledger.js';

/** Does everything that came in have its place? Looked at by whoever has role relay, which calls runOnce(). */
@Module({
  providers: [
    {
      provide: WatchLedger,
      useFactory: (pools: Pools, metrics: Metrics, logger: Logger) => new WatchLedger(pools.relay, metrics, logger),
      inject: [Pools, Metrics, LOGGER],
    },
  ],
  exports: [WatchLedger],
})
export class LedgerModule {}
