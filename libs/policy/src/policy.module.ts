import { Module } from '@nestjs/common';
import { Metrics, Pools } from '#platform';
import { policyStage } from './policy.stage.js';
import { JudgeInShadow } from './shadow/judge-in-shadow.js';
import { PgDivergences } from './shadow/pg-divergences.js';
import { ShadowJudge } from './shadow/shadow-judge.port.js';

@Module({
  providers: [
    { provide: policyStage, useFactory: policyStage },
    {
      provide: ShadowJudge,
      useFactory: (pools: Pools, metrics: Metrics) =>
        new JudgeInShadow(
          new PgDivergences(pools.relay),
          {
            diverged: (tenant, { active, shadow }) => metrics.policyDivergences.inc({ tenant, active, shadow }),
            dropped: () => metrics.policyShadowDropped.inc(),
          },
          () => performance.now(),
        ),
      inject: [Pools, Metrics],
    },
  ],
  exports: [policyStage, ShadowJudge],
})
export class PolicyModule {}
