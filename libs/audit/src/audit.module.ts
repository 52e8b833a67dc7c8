import { Module } from '@nestjs/common';
import { AuditTrail } from './audit-trail.js';

/** The append-only trail: appended in the transaction of what it tells. */
@Module({ providers: [AuditTrail], exports: [AuditTrail] })
export class AuditModule {}
