import { Module } from '@nestjs/common';
import { policyStage } from './policy.stage.js';

@Module({ providers: [{ provide: policyStage, useFactory: policyStage }], exports: [policyStage] })
export class PolicyModule {}
