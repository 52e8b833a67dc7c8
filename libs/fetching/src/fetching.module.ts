import { Module } from '@nestjs/common';
import { fetchStage } from './fetch.stage.js';

@Module({ providers: [{ provide: fetchStage, useFactory: fetchStage }], exports: [fetchStage] })
export class FetchingModule {}
