import { Module } from '@nestjs/common';
import { DoorModule } from './door/door.module.js';
import { QuarantineModule } from './quarantine/quarantine.module.js';

/** From a raw request to a stored lead, and the way back in for what was refused. */
@Module({ imports: [DoorModule, QuarantineModule] })
export class IngestionModule {}
