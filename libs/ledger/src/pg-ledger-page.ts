import { inTransaction, type Pool } from '#platform';
import type { SourceId, TenantId } from '#core';
import { type FindingCode, type LedgerState, MOST_IDS } from './ledger.js';

/** Ids from `from` on and before `before`. */
export interface IdRange {
  readonly from: string;
  readonly before: string;
}

/** Rows of one source that are alike. */
export interface LedgerGroup {
  readonly tenantId: TenantId | null;
  readonly sourceId: SourceId | null;
  /** null: the lead is gone, or it is a request that became leads. */
  readonly state: LedgerState | null;
  readonly rows: number;
  /** How many of them count as received. */
  readonly received: number;
  /** How many of them count in their state. */
  readonly counted: number;
  readonly finding: FindingCode | null;
  /** Of the finding, at most MOST_IDS. */
  readonly ids: readonly string[];
}

const STATE = `
  CASE lead.status
    WHEN 'DELIVERED' THEN 'delivered'
    WHEN 'REJECTED' THEN CASE WHEN lead.rejection_reason = 'duplicate_confirmed' THEN 'duplicate' ELSE 'rejected' END
    WHEN 'HELD' THEN 'held'
    WHEN 'PERMANENTLY_FAILED' THEN 'dead_lettered'
    WHEN 'KEPT' THEN 'kept'
    WHEN 'ERASED' THEN 'erased'
    WHEN 'RECEIVED' THEN 'in_flight' WHEN 'READY' THEN 'in_flight' WHEN 'FAILED' THEN 'in_flight'
  END`;

/** The first that fits. An erased lead has lost what the others look at. */
const FINDING = `
  CASE
    WHEN lead.id IS NULL THEN 'lead_missing'
    WHEN receipt.lead_id IS NULL THEN 'receipt_missing'
    WHEN lead.status = 'ERASED' THEN NULL
    WHEN lead.status IN ('READY', 'FAILED') AND NOT coalesce(delivery.open, false) THEN 'nothing_will_send'
    WHEN lead.status = 'DELIVERED' AND NOT coalesce(delivery.taken, false) THEN 'delivered_by_nobody'
    WHEN lead.status = 'DELIVERED' AND delivery.not_taken THEN 'delivered_too_early'
    WHEN lead.status IN ('REJECTED', 'KEPT', 'PERMANENTLY_FAILED') AND delivery.open THEN 'ended_but_sent'
    WHEN lead.status = 'PERMANENTLY_FAILED' AND delivery.live AND NOT delivery.failed THEN 'failed_without_failure'
    WHEN delivery.unanswered THEN 'delivered_without_answer'
    WHEN lead.status = 'HELD' AND lead.hold_reason = 'awaiting_fetch' AND NOT coalesce(delivery.fetching, false) THEN 'fetched_by_nobody'
    WHEN lead.status NOT IN ('RECEIVED', 'HELD') AND journey.lead_id IS NULL THEN 'decided_without_journey'
    WHEN receipt.stays <> 1 THEN 'status_without_event'
  END`;

/**
 * Every table is read by the same range of lead ids, through an index, and put together once: a page of leads is one pass over each.
 * Only deliveries that nothing took the place of say anything about their lead.
 *
 * Where the trail leads is told without its order, which is that of several clocks: a lead came once more often into the status it has
 * than it left it, and left every other as often as it came into it.
 */
const LEADS = `
  WITH lead AS MATERIALIZED (
    SELECT id, tenant_id, source_id, status, hold_reason, rejection_reason FROM leads WHERE id >= $1 AND id < $2),
  trail AS MATERIALIZED (
    SELECT event.lead_id, bool_or(type = 'lead.received') AS received,
           min(event.tenant_id) FILTER (WHERE type = 'lead.received') AS tenant_id,
           min(substring(actor FROM 8)) FILTER (WHERE type = 'lead.received') AS source_id,
           count(*) FILTER (WHERE to_status = lead.status) - count(*) FILTER (WHERE from_status = lead.status) AS stays
      FROM audit_events event LEFT JOIN lead ON lead.id = event.lead_id
     WHERE event.lead_id >= $1 AND event.lead_id < $2 AND starts_with(type, 'lead.') GROUP BY event.lead_id),
  receipt AS (SELECT * FROM trail WHERE received),
  answered AS MATERIALIZED (
    SELECT DISTINCT delivery_id FROM delivery_attempts
     WHERE lead_id >= $1 AND lead_id < $2 AND outcome = 'delivered' AND sent_state = 'answered'),
  delivery AS MATERIALIZED (
    SELECT lead_id,
           bool_or(sends) AS live,
           bool_or(sends AND is_open) AS open,
           bool_or(sends AND status <> 'DELIVERED') AS not_taken,
           bool_or(sends AND status = 'PERMANENTLY_FAILED') AS failed,
           bool_or(purpose = 'deliver' AND status = 'DELIVERED') AS taken,
           bool_or(purpose = 'fetch' AND is_open) AS fetching,
           bool_or(status = 'DELIVERED' AND answered.delivery_id IS NULL) AS unanswered
      FROM (SELECT *, purpose = 'deliver' AND superseded_at IS NULL AS sends, status IN ('PENDING', 'SENDING', 'RETRYING') AS is_open
              FROM deliveries WHERE lead_id >= $1 AND lead_id < $2) AS delivery
      LEFT JOIN answered ON answered.delivery_id = delivery.id
     GROUP BY lead_id),
  journey AS MATERIALIZED (SELECT DISTINCT lead_id FROM journeys WHERE lead_id >= $1 AND lead_id < $2),
  accounted AS (
    SELECT coalesce(lead.id, receipt.lead_id) AS id, coalesce(lead.tenant_id, receipt.tenant_id) AS tenant_id,
           coalesce(lead.source_id, receipt.source_id) AS source_id, receipt.lead_id IS NOT NULL AS received, lead.id IS NOT NULL AS counted,
           ${STATE} AS state, ${FINDING} AS finding
      FROM lead FULL JOIN receipt ON receipt.lead_id = lead.id
      LEFT JOIN delivery ON delivery.lead_id = lead.id
      LEFT JOIN journey ON journey.lead_id = lead.id)
  SELECT tenant_id AS "tenantId", source_id AS "sourceId", state, finding,
         count(*)::int AS rows, count(*) FILTER (WHERE received)::int AS received, count(*) FILTER (WHERE counted)::int AS counted,
         CASE WHEN finding IS NULL THEN '{}' ELSE (array_agg(id ORDER BY id))[1:${MOST_IDS}] END AS ids
    FROM accounted GROUP BY tenant_id, source_id, state, finding`;

/** Of the accepted ones only those nothing came of; of the refused ones those that wait. */
const REQUESTS = `
  SELECT tenant_id AS "tenantId", source_id AS "sourceId",
         CASE WHEN refused THEN 'quarantined' END AS state, CASE WHEN NOT refused THEN 'request_without_lead' END AS finding,
         count(*)::int AS rows, count(*) FILTER (WHERE refused)::int AS received, count(*) FILTER (WHERE refused)::int AS counted,
         CASE WHEN refused THEN '{}' ELSE (array_agg(id ORDER BY id))[1:${MOST_IDS}] END AS ids
    FROM (SELECT id, tenant_id, source_id, verdict <> 'accepted' AS refused FROM inbound_requests request
           WHERE id >= $1 AND id < $2
             AND CASE verdict
                   WHEN 'accepted' THEN NOT EXISTS (SELECT FROM leads WHERE leads.inbound_request_id = request.id)
                   WHEN 'replayed' THEN false
                   ELSE released_at IS NULL
                 END) AS request
   GROUP BY tenant_id, source_id, refused`;

const NEXT_PAGE = 'SELECT id FROM leads WHERE id >= $1 AND id < $2 ORDER BY id OFFSET $3 LIMIT 1';

/** One page, all of it as it was at one moment: what is committed together is seen together. */
export function readPage(pool: Pool, { from, before }: IdRange): Promise<readonly LedgerGroup[]> {
  return inTransaction(pool, async (client) => {
    await client.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY');
    // What was read once is joined by hashing: where Postgres takes a page for a handful of leads, it would go through all of them for every event
    // (measured: 20 s for 10,000 leads of a table that grew since it was analyzed).
    await client.query('SET LOCAL enable_nestloop = off');
    const leads = await client.query<LedgerGroup>(LEADS, [from, before]);
    await client.query('SET LOCAL enable_nestloop = on');
    const requests = await client.query<LedgerGroup>(REQUESTS, [from, before]);
    return [...leads.rows, ...requests.rows];
  });
}

/** @returns where the page that begins at `from` ends */
export async function endOfPage(pool: Pool, { from, before }: IdRange, leads: number): Promise<string> {
  const { rows } = await pool.query<{ id: string }>(NEXT_PAGE, [from, before, leads]);
  return rows[0]?.id ?? before;
}

/** The moment on the clock of Postgres, in milliseconds since 1970. */
export async function momentNow(pool: Pool): Promise<number> {
  const { rows } = await pool.query<{ millis: number }>('SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::float8 AS millis');
  return rows[0]?.millis ?? 0;
}
