import { Module } from '@nestjs/common';
import { trimStage } from './trim.stage.js';
import { normaliseStage } from './normalise.stage.js';

@Module({
  providers: [
    { provide: trimStage, useFactory: trimStage },
    { provide: normaliseStage, useFactory: normaliseStage },
  ],
  exports: [trimStage, normaliseStage],
})
export class NormalisationModule {}
