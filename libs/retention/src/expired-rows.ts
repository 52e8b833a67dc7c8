/**
 * What the sweep removes. Each statement handles one bounded batch, oldest first, passes over rows that somebody is working on, and
 * returns the tenant of every row it touched. `$1` is the size of the batch.
 */
export interface ExpiredRows {
  /** The word for it in reports, log lines and audit events. */
  readonly name: SweptKind;
  readonly batchRows: number;
  readonly sql: string;
  readonly parameters: readonly number[];
}

export const SWEPT_KINDS = [
  'idempotency_records',
  'expired_claims',
  'quarantine',
  'excerpts_of_erased_leads',
  'old_excerpts',
  'operator_events',
] as const;
export type SweptKind = (typeof SWEPT_KINDS)[number];

export interface RetentionTimes {
  /** LEADGATE_QUARANTINE_DAYS. */
  readonly quarantineDays: number;
}

/** Long enough to settle with a CRM what it answered; after that an excerpt is only somebody's data lying about. */
const EXCERPT_DAYS = 90;
/** Long enough to look back at the month; they hold ids and counts only. */
const OPERATOR_EVENT_DAYS = 30;

export function expiredRows({ quarantineDays }: RetentionTimes): ExpiredRows[] {
  return [
    {
      name: 'idempotency_records',
      batchRows: 1000,
      // An hour of grace: a request that just lost against a live record reads it a moment later, and must still find it.
      sql: `WITH expired AS (
              SELECT tenant_id, source_id, key_sha256 FROM idempotency_records
               WHERE expires_at < now() - interval '1 hour'
               ORDER BY expires_at LIMIT $1 FOR UPDATE SKIP LOCKED)
            DELETE FROM idempotency_records record USING expired
             WHERE record.tenant_id = expired.tenant_id AND record.source_id = expired.source_id AND record.key_sha256 = expired.key_sha256
            RETURNING record.tenant_id AS "tenantId"`,
      parameters: [],
    },
    {
      name: 'expired_claims',
      batchRows: 1000,
      // A day of grace: a lead that was taken without its duplicate check is compared later with who held its identity when it came. Passing
      // over locked rows keeps out of the way of whoever takes an expired claim over, and the check of the moment is made under the lock.
      sql: `WITH expired AS (
              SELECT tenant_id, kind, fingerprint FROM identity_claims
               WHERE expires_at < now() - interval '1 day'
               ORDER BY expires_at LIMIT $1 FOR UPDATE SKIP LOCKED)
            DELETE FROM identity_claims claim USING expired
             WHERE claim.tenant_id = expired.tenant_id AND claim.kind = expired.kind AND claim.fingerprint = expired.fingerprint
            RETURNING claim.tenant_id AS "tenantId"`,
      parameters: [],
    },
    {
      name: 'quarantine',
      // Smaller: a body may have a mebibyte.
      batchRows: 200,
      // A released request has become a lead and stays with it. A repeat that was answered from its first lead is no lead either: it goes too.
      sql: `WITH old AS (
              SELECT id FROM inbound_requests request
               WHERE verdict <> 'accepted' AND received_at < now() - make_interval(days => $2)
                 AND NOT EXISTS (SELECT FROM leads WHERE leads.inbound_request_id = request.id)
               ORDER BY received_at LIMIT $1 FOR UPDATE SKIP LOCKED)
            DELETE FROM inbound_requests request USING old WHERE request.id = old.id
            RETURNING request.tenant_id AS "tenantId"`,
      parameters: [quarantineDays],
    },
    {
      name: 'excerpts_of_erased_leads',
      batchRows: 1000,
      // An answer that came in after the erasure. By way of the tenants, because leads are indexed by tenant and status.
      sql: `WITH orphans AS (
              SELECT attempt.delivery_id, attempt.attempt_no
                FROM tenants
                JOIN leads ON leads.tenant_id = tenants.id AND leads.status = 'ERASED'
                JOIN delivery_attempts attempt ON attempt.lead_id = leads.id
               WHERE attempt.response_excerpt IS NOT NULL
               LIMIT $1 FOR UPDATE OF attempt SKIP LOCKED)
            UPDATE delivery_attempts attempt SET response_excerpt = NULL FROM orphans
             WHERE attempt.delivery_id = orphans.delivery_id AND attempt.attempt_no = orphans.attempt_no
            RETURNING attempt.tenant_id AS "tenantId"`,
      parameters: [],
    },
    {
      name: 'old_excerpts',
      batchRows: 1000,
      sql: `WITH orphans AS (
              SELECT delivery_id, attempt_no FROM delivery_attempts
               WHERE response_excerpt IS NOT NULL AND started_at < now() - make_interval(days => $2)
               ORDER BY started_at LIMIT $1 FOR UPDATE SKIP LOCKED)
            UPDATE delivery_attempts attempt SET response_excerpt = NULL FROM orphans
             WHERE attempt.delivery_id = orphans.delivery_id AND attempt.attempt_no = orphans.attempt_no
            RETURNING attempt.tenant_id AS "tenantId"`,
      parameters: [EXCERPT_DAYS],
    },
    {
      name: 'operator_events',
      batchRows: 1000,
      sql: `WITH old AS (
              SELECT id FROM operator_events WHERE at < now() - make_interval(days => $2) ORDER BY at LIMIT $1 FOR UPDATE SKIP LOCKED)
            DELETE FROM operator_events event USING old WHERE event.id = old.id
            RETURNING event.tenant_id AS "tenantId"`,
      parameters: [OPERATOR_EVENT_DAYS],
    },
  ];
}
