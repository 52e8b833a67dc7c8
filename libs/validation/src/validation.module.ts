import { Module } from '@nestjs/common';
import { validateStage } from './validate.stage.js';

@Module({ providers: [{ provide: validateStage, useFactory: validateStage }], exports: [validateStage] })
export class ValidationModule {}
