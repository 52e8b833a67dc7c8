import { Module } from '@nestjs/common';
import { ClaimIndex } from './claim-index.port.js';
import { KeylessClaimIndex } from './keyless-claim-index.js';

@Module({ providers: [{ provide: ClaimIndex, useClass: KeylessClaimIndex }], exports: [ClaimIndex] })
export class DedupModule {}
