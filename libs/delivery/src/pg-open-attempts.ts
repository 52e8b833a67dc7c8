import type { DeliveryId, DestinationId, LeadId, TenantId } from '#core';
import type { Pool } from '#platform';
import type { OpenAttempt } from './attempt.js';
import { LEASE_SECONDS } from './attempt-ledger.port.js';

/**
 * Claims and opens in one statement, so in one commit: before a byte leaves, the attempt is on disk.
 *
 * `locked` takes the rows in the order of ids, so that two processes that claim overlapping batches wait for each other instead of
 * deadlocking. It waits rather than skips: the relay holds these locks for a moment while it marks what it rings, and a skipped row would
 * wait for the next ring. What it returns is the row as it is after the wait; whoever comes second finds SENDING and gets nothing.
 * The status is asked of `locked`, not of the table: else Postgres may read the whole index of due rows to find a few ids (measured).
 */
const OPEN = `
  with locked as materialized (
    select id, status, next_attempt_at from deliveries where id = any($1::uuid[]) order by id for no key update),
  claimed as (
    update deliveries
       set status = 'SENDING', attempt_no = attempt_no + 1, lease_until = clock_timestamp() + make_interval(secs => $2),
           updated_at = clock_timestamp()
      from locked
     where deliveries.id = locked.id and locked.status in ('PENDING', 'RETRYING') and locked.next_attempt_at <= clock_timestamp()
    returning deliveries.id, tenant_id, lead_id, destination_id, attempt_no, attempts_before, idempotency_key, content_type, payload),
  opened as (
    insert into delivery_attempts (delivery_id, attempt_no, tenant_id, lead_id) select id, attempt_no, tenant_id, lead_id from claimed)
  select claimed.*, leads.request_id, request.headers ->> 'traceparent' as traceparent
    from claimed join leads on leads.id = claimed.lead_id join inbound_requests request on request.id = leads.inbound_request_id`;

/** @returns the open attempts in the order of the ids; null for a delivery that could not be claimed, or was claimed by an equal id before it */
export async function openAttempts(pool: Pool, ids: readonly DeliveryId[]): Promise<(OpenAttempt | null)[]> {
  const { rows } = await pool.query<{
    id: DeliveryId;
    tenant_id: TenantId;
    lead_id: LeadId;
    destination_id: DestinationId;
    attempt_no: number;
    attempts_before: number;
    idempotency_key: string;
    content_type: string;
    payload: string;
    request_id: string;
    traceparent: string | null;
  }>(OPEN, [ids, LEASE_SECONDS]);
  const claimed = new Map(rows.map((row) => [row.id, row]));
  return ids.map((id) => {
    const row = claimed.get(id);
    if (row === undefined) return null;
    claimed.delete(id);
    return {
      deliveryId: id,
      tenantId: row.tenant_id,
      leadId: row.lead_id,
      destinationId: row.destination_id,
      attemptNo: row.attempt_no,
      attemptsBefore: row.attempts_before,
      requestId: row.request_id,
      traceparent: row.traceparent,
      idempotencyKey: row.idempotency_key,
      contentType: row.content_type,
      payload: row.payload,
    };
  });
}
