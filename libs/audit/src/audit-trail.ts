import { Injectable } from '@nestjs/common';
import type { ClientBase } from 'pg';
import { appendAuditEvents } from './append-audit-events.js';
import type { AuditEventInput } from './audit-event.js';

/** The trail as an injectable: the same append for those who take their collaborators from the container. */
@Injectable()
export class AuditTrail {
  append(client: Pick<ClientBase, 'query'>, events: readonly AuditEventInput[]): Promise<void> {
    return appendAuditEvents(client, events);
  }
}
