import { appendAuditEvents } from '#audit';
import { LEAD_FLAGS, type DestinationId } from '#core';
import { failpoint, inTransaction, type Pool, type PoolClient } from '#platform';
import type { ClosedAttempt } from './attempt.js';
import type { FetchChange } from './settle-fetch.js';
import { settleServices } from './services/pg-settle-services.js';
import { errorOf, settleLeads, type LeadChange } from './settle-leads.js';
import type { DeliveryRow, LeadStanding } from './standing.js';

/**
 * Whoever changes what a lead's deliveries say about it holds the lead's row first, in the order of ids: two processes that close two
 * deliveries of one lead at once would else each see the other's still open, and the lead would stay READY for ever.
 */
const LOCK_LEADS = {
  name: 'lock_leads_of_attempts',
  text: `
  select id, status, hold_reason as "holdReason", '${LEAD_FLAGS.fetched}' = any(flags) as fetched
    from leads where id = any($1::uuid[]) order by id for no key update`,
};

/** A statement of its own, after the locks: it sees what was committed while they were waited for. */
const READ_DELIVERIES = {
  name: 'read_deliveries_of_leads',
  text: `
  select id, lead_id as "leadId", purpose, status, attempt_no as "attemptNo", attempts_before as "attemptsBefore", hold_reason as "holdReason",
         superseded_at is not null as superseded
    from deliveries where lead_id = any($1::uuid[])`,
};

/** The fence stands here again, so that nothing but the open attempt can ever be closed, whoever calls this. */
const CLOSE = {
  name: 'close_attempts',
  text: `
  with row as (
    select * from json_to_recordset($1::json) as row (delivery_id uuid, attempt_no int, status text, final boolean, delay_seconds float8,
           last_error text, hold_reason text, failure_class text, record_id text, sent_state text, outcome text, status_code int2, error_code text, error_message text,
           retry_after_seconds int, response_excerpt text, duration_ms int, decided_by text, uncounted boolean)),
  delivery as (
    update deliveries
       set status = row.status, lease_until = null, rung_at = null, last_error = row.last_error, hold_reason = row.hold_reason,
           failure_class = row.failure_class, attempts_before = deliveries.attempts_before + row.uncounted::int,
           next_attempt_at = coalesce(clock_timestamp() + make_interval(secs => row.delay_seconds), next_attempt_at),
           crm_record_id = coalesce(row.record_id, crm_record_id), updated_at = clock_timestamp(),
           finished_at = case when row.final then clock_timestamp() end
      from row
     where deliveries.id = row.delivery_id and deliveries.attempt_no = row.attempt_no
       and deliveries.status = 'SENDING'
    returning deliveries.id),
  attempt as (
    update delivery_attempts
       set finished_at = clock_timestamp(), sent_state = row.sent_state, outcome = row.outcome, status_code = row.status_code,
           error_code = row.error_code, error_message = row.error_message, retry_after_seconds = row.retry_after_seconds,
           response_excerpt = row.response_excerpt, duration_ms = row.duration_ms, decided_by = row.decided_by
      from row
     where delivery_attempts.delivery_id = row.delivery_id
       and delivery_attempts.attempt_no = row.attempt_no
    returning 1),
  lead as (
    update leads
       set status = change."to", hold_reason = change."holdReason", hold_until = null, updated_at = clock_timestamp()
      from json_to_recordset($2::json) as change (id uuid, "from" text, "to" text, "holdReason" text)
     where leads.id = change.id and leads.status = change."from"
    returning 1)
  select (select count(*) from delivery)::int as deliveries, (select count(*) from attempt)::int as attempts, (select count(*) from lead)::int as leads,
         (select coalesce(array_agg(service_id), '{}') from breakers
           where service_id = any($3::text[]) and (failures > 0 or misdirected_leads <> '{}')) as troubled`,
};

/**
 * What was sent stays: of two members with one name the sender's wins, so the ids of the webhook remain whatever a form calls its fields.
 * The answer itself is not kept beside the lead it became: the attempt has its beginning, and who keeps the leads for us (Meta: 90 days) gives
 * the same answer to whoever asks again with the id.
 */
const SETTLE_FETCHES = `
  update leads
     set status = change."to", hold_reason = change."holdReason", hold_until = null, rung_at = null, updated_at = clock_timestamp(),
         payload = coalesce(change.fetched, '{}') || leads.payload,
         flags = case when change.fetched is null then leads.flags else leads.flags || '${LEAD_FLAGS.fetched}'::text end
    from json_to_recordset($1::json) as change (id uuid, "to" text, "holdReason" text, fetched jsonb)
   where leads.id = any($2::uuid[]) and leads.id = change.id and leads.status = 'HELD'`;

/** @returns for each attempt whether it was closed; false: it was not open any more and nothing was written for it */
export function closeAttempts(pool: Pool, attempts: readonly ClosedAttempt[]): Promise<boolean[]> {
  return inTransaction(pool, async (client) => {
    const leadIds = [...new Set(attempts.map(({ leadId }) => leadId))].sort();
    const { rows: leads } = await client.query<LeadStanding>({ ...LOCK_LEADS, values: [leadIds] });
    const { rows: deliveries } = await client.query<DeliveryRow>({ ...READ_DELIVERIES, values: [leadIds] });
    const { won, changes, fetches, events } = settleLeads(attempts, leads, deliveries);
    if (won.length > 0) {
      const troubled = await write(client, won, changes);
      if (fetches.length > 0) await writeFetches(client, fetches);
      await appendAuditEvents(client, [...events, ...(await settleServices(client, won, troubled))]);
    }
    await failpoint('close_before_commit');
    const closed = new Set(won);
    return attempts.map((attempt) => closed.has(attempt));
  });
}

/** @returns the destinations of these attempts that had failed before */
async function write(client: PoolClient, won: readonly ClosedAttempt[], changes: readonly LeadChange[]): Promise<DestinationId[]> {
  const { rows } = await client.query<{ deliveries: number; attempts: number; leads: number; troubled: DestinationId[] }>({
    ...CLOSE,
    values: [JSON.stringify(won.map(rowOf)), JSON.stringify(changes), [...new Set(won.map(({ destinationId }) => destinationId))]],
  });
  const written = rows[0];
  if (written?.deliveries === won.length && written.attempts === won.length && written.leads === changes.length) return written.troubled;
  // Only a writer that does not lock the lead first can cause this; rolling back keeps table and trail in step.
  throw new Error(`Closing ${won.length} attempts wrote ${JSON.stringify(written)}: a delivery or lead was changed without its lock`);
}

async function writeFetches(client: PoolClient, fetches: readonly FetchChange[]): Promise<void> {
  const rows = fetches.map(({ attempt: _decidedBy, ...row }) => row);
  const { rowCount } = await client.query(SETTLE_FETCHES, [JSON.stringify(rows), rows.map(({ id }) => id)]);
  if (rowCount !== rows.length) throw new Error(`${rows.length} fetches changed ${rowCount} leads: a lead was changed without its lock`);
}

function rowOf(attempt: ClosedAttempt): object {
  const { step } = attempt;
  return {
    delivery_id: attempt.deliveryId,
    attempt_no: attempt.attemptNo,
    status: step.status,
    final: step.status === 'DELIVERED' || step.status === 'PERMANENTLY_FAILED',
    delay_seconds: step.status === 'RETRYING' ? step.delaySeconds : null,
    last_error: errorOf(attempt),
    hold_reason: step.status === 'HELD' ? step.reason : null,
    failure_class: attempt.failureClass,
    record_id: attempt.recordId,
    sent_state: attempt.sentState,
    outcome: attempt.outcome,
    status_code: attempt.statusCode,
    error_code: attempt.errorCode,
    error_message: attempt.errorMessage,
    retry_after_seconds: attempt.retryAfterSeconds === null ? null : Math.ceil(attempt.retryAfterSeconds),
    response_excerpt: attempt.excerpt,
    duration_ms: attempt.durationMs,
    decided_by: attempt.decidedBy,
    uncounted: step.status === 'RETRYING' && step.uncounted === true,
  };
}

/** Attempts of one lead side by side, leads in the order in which their rows are locked. */
export function closingOrder({ leadId, deliveryId }: ClosedAttempt): string {
  return `${leadId}${deliveryId}`;
}
