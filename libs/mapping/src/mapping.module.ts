import { Module } from '@nestjs/common';
import { mapStage } from './map.stage.js';

@Module({ providers: [{ provide: mapStage, useFactory: mapStage }], exports: [mapStage] })
export class MappingModule {}
