import { Module } from '@nestjs/common';
import { ClaimIndex } from './claim-index.port.js';
import { dedupStage } from './dedup.stage.js';
import { KeylessClaimIndex } from './keyless-claim-index.js';

@Module({
  providers: [
    { provide: ClaimIndex, useClass: KeylessClaimIndex },
    { provide: dedupStage, useFactory: dedupStage, inject: [ClaimIndex] },
  ],
  exports: [dedupStage],
})
export class DedupModule {}
