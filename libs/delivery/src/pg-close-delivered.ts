import { auditEventRows, insertAuditEventsOf } from '#audit';
import { failpoint, type Pool } from '#platform';
import type { ClosedAttempt } from './attempt.js';
import { tellsOfService } from './services/pg-settle-services.js';
import { settleLeads } from './settle-leads.js';

/**
 * The destination took the lead, it is the lead's only delivery, and there is nothing to tell of the destination: what becomes of nearly every
 * lead. As far as was known when the attempt was opened; the statement below looks again.
 */
export function isSimplyDelivered(attempt: ClosedAttempt): boolean {
  return attempt.alone === true && attempt.step.status === 'DELIVERED' && attempt.fetched === null && !tellsOfService(attempt);
}

/**
 * All that closeAttempts does, in one statement that is its own transaction, for attempts it need not read anything for.
 *
 * The leads are locked first and in the order of ids, as everywhere. The statement does not see what was committed while it waited for them, so
 * it asks only for what cannot have changed unseen: a row that is updated is judged as it is now (READY, SENDING, the number of the attempt), and
 * a READY lead gets no further delivery while one of it is being sent. Whatever is otherwise is left as it is, for closeAttempts.
 */
const CLOSE_DELIVERED = {
  name: 'close_delivered',
  text: `
  with row as materialized (
    select * from jsonb_to_recordset($1::jsonb) as row (delivery_id uuid, lead_id uuid, destination_id text, attempt_no int, record_id text,
           sent_state text, outcome text, status_code int2, error_code text, response_excerpt text, duration_ms int, decided_by text, events jsonb)),
  lead as materialized (
    select id from leads where id = any($2::uuid[]) and status = 'READY' order by id for no key update),
  alone as materialized (
    select * from row
     where lead_id = any(array(select id from lead))
       and not exists (select from deliveries other where other.lead_id = row.lead_id and other.id <> row.delivery_id)
       and not exists (select from breakers where service_id = row.destination_id and (failures > 0 or misdirected_leads <> '{}'))),
  delivery as (
    update deliveries
       set status = 'DELIVERED', lease_until = null, rung_at = null, last_error = null, hold_reason = null, failure_class = null,
           crm_record_id = coalesce(alone.record_id, crm_record_id), updated_at = clock_timestamp(), finished_at = clock_timestamp()
      from alone
     where deliveries.id = alone.delivery_id and deliveries.attempt_no = alone.attempt_no and deliveries.status = 'SENDING'
       and deliveries.purpose = 'deliver' and deliveries.superseded_at is null
    returning deliveries.id),
  closed as materialized (select * from alone where delivery_id = any(array(select id from delivery))),
  attempt as (
    update delivery_attempts
       set finished_at = clock_timestamp(), sent_state = closed.sent_state, outcome = closed.outcome, status_code = closed.status_code,
           error_code = closed.error_code, response_excerpt = closed.response_excerpt, duration_ms = closed.duration_ms,
           decided_by = closed.decided_by
      from closed
     where delivery_attempts.delivery_id = closed.delivery_id and delivery_attempts.attempt_no = closed.attempt_no),
  delivered as (
    update leads set status = 'DELIVERED', hold_reason = null, hold_until = null, updated_at = clock_timestamp()
      from closed where leads.id = closed.lead_id),
  event as (${insertAuditEventsOf('closed', 'closed.events')})
  select delivery_id as id from closed`,
};

/** @returns for each attempt whether it was closed; false: it is not what it seemed to be, and nothing was written for it */
export async function closeDelivered(pool: Pool, attempts: readonly ClosedAttempt[]): Promise<boolean[]> {
  await failpoint('close_delivered_before_commit');
  const { rows } = await pool.query<{ id: string }>({
    ...CLOSE_DELIVERED,
    values: [JSON.stringify(attempts.map(rowOf)), attempts.map(({ leadId }) => leadId)],
  });
  const closed = new Set(rows.map(({ id }) => id));
  return attempts.map(({ deliveryId }) => closed.delete(deliveryId));
}

function rowOf(attempt: ClosedAttempt): object {
  const { deliveryId, leadId, attemptNo, attemptsBefore } = attempt;
  // What the statement asks for before it writes these.
  const lead = { id: leadId, status: 'READY', holdReason: null, fetched: false } as const;
  const sending = {
    id: deliveryId,
    leadId,
    purpose: 'deliver',
    status: 'SENDING',
    attemptNo,
    attemptsBefore,
    superseded: false,
    holdReason: null,
  } as const;
  const { events } = settleLeads([attempt], [lead], [sending]);
  return {
    delivery_id: deliveryId,
    lead_id: leadId,
    destination_id: attempt.destinationId,
    attempt_no: attemptNo,
    record_id: attempt.recordId,
    sent_state: attempt.sentState,
    outcome: attempt.outcome,
    status_code: attempt.statusCode,
    error_code: attempt.errorCode,
    response_excerpt: attempt.excerpt,
    duration_ms: attempt.durationMs,
    decided_by: attempt.decidedBy,
    events: auditEventRows(events),
  };
}
