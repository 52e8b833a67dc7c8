import type { DeliveryId, JsonObject, LeadId, TenantId } from '#core';

/**
 * Everything that can be written to the trail. A new thing that happens to a lead needs a line here, so that tables, filters and
 * support staff meet one vocabulary.
 */
export const AUDIT_EVENT_TYPES = [
  'lead.received',
  'lead.decided',
  'lead.held',
  'lead.rejected',
  'lead.kept',
  'lead.fetched',
  'lead.released',
  'lead.reprocessed',
  'lead.redelivered',
  'lead.sent_as_new',
  'lead.late_duplicate',
  'lead.erased',
  'lead.status',
  'lead.read',
  'lead.searched',
  'delivery.planned',
  'delivery.delivered',
  'delivery.retry_scheduled',
  'delivery.held',
  'delivery.failed',
  'delivery.reopened',
  'delivery.superseded',
  'replay.started',
  'replay.cancelled',
  'replay.resumed',
  'replay.finished',
  'request.read',
  'request.released',
  'lead.feedback',
  'key.created',
  'key.revoked',
  'config.activated',
  'config.drafted',
  'breaker.opened',
  'breaker.closed',
  'destination.paused',
  'destination.resumed',
  'what_if.started',
  'what_if.cancelled',
  'sweep.finished',
  'audit.read',
] as const;
export type AuditEventType = (typeof AUDIT_EVENT_TYPES)[number];

/**
 * Who did it: a source by its id, a tenant's key by its id, a part of the gateway, or a person through the API (`operator`) or the command
 * line (`cli`).
 */
export type AuditActor = `source:${string}` | `key:${string}` | 'config' | 'pipeline' | 'delivery' | 'relay' | 'operator' | 'cli';

/**
 * One thing that happened. Ids, codes and field names only, never a person's values: the trail outlives an erased lead.
 * The id and the moment are given when it is appended.
 */
export interface AuditEventInput {
  readonly tenantId: TenantId;
  readonly leadId?: LeadId | null;
  readonly deliveryId?: DeliveryId | null;
  readonly type: AuditEventType;
  /** Status before and after, of the lead or of the delivery, where the event is a change of status. */
  readonly from?: string | null;
  readonly to?: string | null;
  readonly actor: AuditActor;
  /** A stable code or `Max retries exhausted: <last cause>`; no values of people. */
  readonly reason?: string | null;
  readonly detail?: JsonObject;
}
