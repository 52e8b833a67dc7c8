import type { ClientBase } from 'pg';
import type { AuditEventInput } from './audit-event.js';
import { newId } from '#platform';

const APPEND = {
  name: 'append_audit_events',
  text: `INSERT INTO audit_events (id, tenant_id, lead_id, delivery_id, type, from_status, to_status, actor, reason, detail)
         SELECT id, tenant_id, lead_id, delivery_id, type, from_status, to_status, actor, reason, detail::jsonb
           FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[])
             AS event (id, tenant_id, lead_id, delivery_id, type, from_status, to_status, actor, reason, detail)`,
};

/**
 * Appends events to the trail: one statement however many they are.
 *
 * Runs on the caller's client inside the caller's transaction, so that a state change and its event are committed together or not
 * at all. Ids are UUIDv7 made here, in the order given; the moment (`at`) is the clock of Postgres.
 */
export async function appendAuditEvents(client: Pick<ClientBase, 'query'>, events: readonly AuditEventInput[]): Promise<void> {
  if (events.length === 0) return;
  await client.query({
    ...APPEND,
    values: [
      events.map(() => newId()),
      events.map((event) => event.tenantId),
      events.map((event) => event.leadId ?? null),
      events.map((event) => event.deliveryId ?? null),
      events.map((event) => event.type),
      events.map((event) => event.from ?? null),
      events.map((event) => event.to ?? null),
      events.map((event) => event.actor),
      events.map((event) => event.reason ?? null),
      events.map((event) => (event.detail === undefined ? '{}' : JSON.stringify(event.detail))),
    ],
  });
}
