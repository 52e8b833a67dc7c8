import { appendAuditEvents } from '#audit';
import type { InboundRequestId, LeadId, TenantId } from '#core';
import { inTransaction, type Pool } from '#platform';

/** A row of the view support_leads, with all of the body and what was sent as it was sent. */
export interface SupportLead {
  readonly lead_id: string;
  readonly tenant: string;
  readonly arrived_at: Date;
  /** Id of the source. */
  readonly arrived_by: string;
  readonly status: string;
  readonly decided: string;
  readonly decided_because: readonly string[] | null;
  readonly sent: readonly string[] | null;
  readonly sent_attempts: readonly string[] | null;
  readonly sent_answer: string | null;
  readonly sent_payloads: readonly SentPayload[];
  readonly what_next: readonly string[];
  readonly request_id: string;
  readonly body: Buffer;
  /** How many bytes arrived; more than `body` has where it was cut, erased or past its time. */
  readonly body_bytes: number;
}

export interface SentPayload {
  readonly destination: string;
  readonly payload: string;
}

/** A row of the view support_requests, with all of the body. */
export interface SupportRequest {
  readonly request_id: string;
  readonly tenant: string | null;
  readonly arrived_at: Date;
  /** Id of the source, or the route where there is none. */
  readonly arrived_by: string;
  readonly arrived_type: string | null;
  readonly answered: number;
  readonly refused_as: string | null;
  readonly refused_because: readonly string[] | null;
  readonly lead_ids: readonly string[] | null;
  readonly what_next: readonly string[];
  readonly body: Buffer;
  readonly body_bytes: number;
}

/** For a person at the command line: recorded as `lead.read` before anything is handed out. */
export function showLead(pool: Pool, leadId: LeadId): Promise<SupportLead | undefined> {
  return inTransaction(pool, async (client) => {
    const { rows } = await client.query<Omit<SupportLead, 'sent_payloads'>>(
      `SELECT lead_id, tenant, arrived_at, arrived_by, shown.status, decided, decided_because, sent, sent_attempts,
              sent_answer::text AS sent_answer, what_next, request.id AS request_id, request.body, request.body_bytes::float8 AS body_bytes
         FROM support_leads AS shown JOIN leads AS lead ON lead.id = lead_id JOIN inbound_requests AS request ON request.id = lead.inbound_request_id
        WHERE lead_id = $1`,
      [leadId],
    );
    const [lead] = rows;
    if (lead === undefined) return undefined;
    const sent = await client.query<SentPayload>(
      `SELECT destination.name AS destination, delivery.payload
         FROM deliveries AS delivery JOIN destinations AS destination ON destination.id = delivery.destination_id
        WHERE delivery.lead_id = $1 AND delivery.purpose = 'deliver' AND delivery.payload <> '' ORDER BY delivery.id`,
      [leadId],
    );
    const tenantId = lead.tenant as TenantId;
    await appendAuditEvents(client, [{ tenantId, leadId, type: 'lead.read', actor: 'cli', detail: { command: 'leads show' } }]);
    return { ...lead, sent_payloads: sent.rows };
  });
}

/** For a person at the command line: recorded as `request.read`, as far as it is anybody's. */
export function showRequest(pool: Pool, id: InboundRequestId): Promise<SupportRequest | undefined> {
  return inTransaction(pool, async (client) => {
    const { rows } = await client.query<SupportRequest>(
      `SELECT request_id, tenant, arrived_at, arrived_by, arrived_type, answered, refused_as, refused_because, lead_ids, what_next,
              body, body_bytes::float8 AS body_bytes
         FROM (SELECT id, body, body_bytes FROM inbound_requests WHERE id = $1) AS request JOIN support_requests ON support_requests.request_id = id`,
      [id],
    );
    const [request] = rows;
    if (request === undefined) return undefined;
    if (request.tenant !== null) {
      const detail = { inbound_request_id: id, command: 'requests show' };
      await appendAuditEvents(client, [{ tenantId: request.tenant as TenantId, type: 'request.read', actor: 'cli', detail }]);
    }
    return request;
  });
}
