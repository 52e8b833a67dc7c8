import { newId } from '#platform';
import type { AuditEventInput } from './audit-event.js';

/**
 * Inserts the events that travel inside the rows of a larger statement, so that a change and what is told of it are one statement.
 * @param from what in that statement yields the rows
 * @param events of such a row, as jsonb: what auditEventRows makes
 */
export const insertAuditEventsOf = (from: string, events: string): string => `
  INSERT INTO audit_events (id, tenant_id, lead_id, delivery_id, type, from_status, to_status, actor, reason, detail)
  SELECT event.id, event.tenant_id, event.lead_id, event.delivery_id, event.type, event.from_status, event.to_status, event.actor, event.reason,
         coalesce(event.detail, '{}')
    FROM ${from} CROSS JOIN LATERAL jsonb_to_recordset(${events})
      AS event (id uuid, tenant_id text, lead_id uuid, delivery_id uuid, type text, from_status text, to_status text, actor text, reason text, detail jsonb)`;

/** Events as rows of their table, with the ids they will have, in the order given. */
export function auditEventRows(events: readonly AuditEventInput[]): object[] {
  return events.map(({ tenantId, leadId, deliveryId, type, from, to, actor, reason, detail }) => ({
    id: newId(),
    tenant_id: tenantId,
    lead_id: leadId,
    delivery_id: deliveryId,
    type,
    from_status: from,
    to_status: to,
    actor,
    reason,
    detail,
  }));
}
