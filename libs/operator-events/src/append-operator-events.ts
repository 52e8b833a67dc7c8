import type { ClientBase } from 'pg';
import type { OperatorEventInput } from '#core';
import { newId } from '#platform';

const APPEND = {
  name: 'append_operator_events',
  text: `INSERT INTO operator_events (id, tenant_id, type, subject, detail, next_attempt_at)
         SELECT id, tenant_id, type, subject, detail::jsonb, clock_timestamp()
           FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[]) AS event (id, tenant_id, type, subject, detail)`,
};

/**
 * Notes what an operator is to be told, inside the caller's transaction: a change of state and the word of it are committed together or
 * not at all. Whoever calls this has seen the state change by a compare-and-set, so that of many processes one tells it.
 */
export async function appendOperatorEvents(client: Pick<ClientBase, 'query'>, events: readonly OperatorEventInput[]): Promise<void> {
  if (events.length === 0) return;
  await client.query({
    ...APPEND,
    values: [
      events.map(() => newId()),
      events.map((event) => event.tenantId),
      events.map((event) => event.type),
      events.map((event) => event.subject),
      events.map((event) => JSON.stringify(event.detail ?? {})),
    ],
  });
}
