import type { AuditEventInput } from '#audit';
import type { LeadId, TenantId } from '#core';
import type { InboundRequest } from './submission.js';

export function receivedEvent({ id, tenantId, sourceId }: InboundRequest, leadId: LeadId): AuditEventInput {
  return {
    tenantId: tenantId as TenantId,
    leadId,
    type: 'lead.received',
    to: 'RECEIVED',
    actor: `source:${sourceId}`,
    detail: { inbound_request_id: id },
  };
}
