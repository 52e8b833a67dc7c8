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
 *
 * What is known of the destination (breakers) is asked here again, in the statement that claims, so that no process needs to be told in time:
 * of one that is paused, held or failing nothing is claimed and no attempt is opened. The probe of an open breaker is `decideBreaker`'s
 * `asked` as a compare-and-set: of all processes one gets the row, and with it one delivery.
 * What waits and was not claimed is un-rung on the way: whoever polls rings it when it may be sent.
 */
const OPEN = {
  name: 'open_attempts',
  text: `
  with locked as materialized (
    select id, destination_id, status in ('PENDING', 'RETRYING') as waits, next_attempt_at <= clock_timestamp() as due
      from deliveries where id = any($1::uuid[]) order by id for no key update),
  candidate as materialized (
    select locked.id, locked.destination_id, row_number() over (partition by locked.destination_id order by locked.id) as turn,
           breakers.service_id is null
           or (state = 'closed' and paused_at is null and (hold_until is null or hold_until <= clock_timestamp())) as admitted
      from locked left join breakers on breakers.service_id = locked.destination_id
     where locked.waits and locked.due),
  probed as (
    update breakers
       set state = 'half_open', probe_lease_until = clock_timestamp() + make_interval(secs => $2), updated_at = clock_timestamp()
     where service_id in (select destination_id from candidate where not admitted)
       and paused_at is null and (hold_until is null or hold_until <= clock_timestamp())
       and ((state = 'open' and probe_at <= clock_timestamp()) or (state = 'half_open' and probe_lease_until <= clock_timestamp()))
    returning service_id),
  claimed as (
    update deliveries
       set status = 'SENDING', attempt_no = attempt_no + 1, lease_until = clock_timestamp() + make_interval(secs => $2),
           updated_at = clock_timestamp()
      from candidate
     where deliveries.id = candidate.id
       and (candidate.admitted or (candidate.turn = 1 and candidate.destination_id in (select service_id from probed)))
    returning deliveries.id, tenant_id, lead_id, deliveries.destination_id, attempt_no, attempts_before, idempotency_key, content_type,
              payload, not candidate.admitted as probe),
  opened as (
    insert into delivery_attempts (delivery_id, attempt_no, tenant_id, lead_id) select id, attempt_no, tenant_id, lead_id from claimed),
  left_waiting as (
    update deliveries set rung_at = null from locked
     where deliveries.id = locked.id and locked.waits and locked.id not in (select id from claimed)
    returning deliveries.id, locked.due)
  select claimed.*, leads.request_id, request.headers ->> 'traceparent' as traceparent, true as opened,
         leads.status = 'READY' and not exists (select from deliveries other where other.lead_id = leads.id and other.id <> claimed.id) as alone
    from claimed join leads on leads.id = claimed.lead_id join inbound_requests request on request.id = leads.inbound_request_id
  union all
  select id, null, null, null, null, null, null, null, null, false, null, null, false, false from left_waiting where due`,
};

/**
 * @returns in the order of the ids: the open attempt; `held_back` where nothing is sent to its destination now; null for a delivery that is not
 * due, waits for nothing, or was claimed by an equal id before it
 */
export async function openAttempts(pool: Pool, ids: readonly DeliveryId[]): Promise<(OpenAttempt | 'held_back' | null)[]> {
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
    probe: boolean;
    opened: boolean;
    alone: boolean;
  }>({ ...OPEN, values: [ids, LEASE_SECONDS] });
  const claimed = new Map(rows.map((row) => [row.id, row]));
  return ids.map((id) => {
    const row = claimed.get(id);
    if (row === undefined) return null;
    claimed.delete(id);
    if (!row.opened) return 'held_back';
    return {
      deliveryId: id,
      tenantId: row.tenant_id,
      leadId: row.lead_id,
      destinationId: row.destination_id,
      attemptNo: row.attempt_no,
      attemptsBefore: row.attempts_before,
      requestId: row.request_id,
      probe: row.probe,
      alone: row.alone,
      traceparent: row.traceparent,
      idempotencyKey: row.idempotency_key,
      contentType: row.content_type,
      payload: row.payload,
    };
  });
}
