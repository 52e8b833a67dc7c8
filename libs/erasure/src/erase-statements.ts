/**
 * What is removed of the lead `$1`, table by table; together they reach every column of PERSONAL_COLUMNS, which test/erasure.spec.ts holds
 * against them. identity_claims is not among them: passOn gives the claims away or removes them.
 */

/**
 * The request that brought it, and those that are kept because they repeated it or used its key for another body. The latter are in
 * quarantine, which has an index and is swept after days, so that reading it stays bounded.
 */
export const ERASE_REQUESTS = `
  with lead as (select id, inbound_request_id, source_id from leads where id = $1),
  keys as (select source_id, key_sha256 from idempotency_records where lead_id = $1),
  found as (
    select inbound_request_id as id from lead
    union
    select request.id from inbound_requests request
     where request.verdict <> 'accepted'
       and (request.verdict_detail like '%' || $1::text || '%' or $1 = any(request.released_lead_ids)
            or exists (select from keys where keys.source_id = request.source_id and keys.key_sha256 = request.key_sha256)))
  update inbound_requests
     set body = '', body_text = '', headers = '{}', query = null, remote_address = null, body_sha256 = ''
    from found where inbound_requests.id = found.id`;

/** The keys stay, so that a late repetition makes no new lead of an erased one; by what its body was recognised goes. */
export const ERASE_KEYS = `update idempotency_records set body_fingerprint = '' where lead_id = $1`;

/** An open one ends here: its attempt's answer finds it closed and is dropped, and no lease of it is taken up again. */
export const ERASE_DELIVERIES = `
  update deliveries
     set payload = '', crm_record_id = null, updated_at = clock_timestamp(), rung_at = null, lease_until = null, hold_reason = null,
         superseded_at = case when status = 'DELIVERED' then superseded_at else coalesce(superseded_at, clock_timestamp()) end,
         last_error = case when finished_at is null then 'Lead erased' else last_error end,
         finished_at = coalesce(finished_at, clock_timestamp()),
         status = case when status = 'DELIVERED' then status else 'PERMANENTLY_FAILED' end
   where lead_id = $1`;

export const ERASE_CALLS = `update delivery_attempts set response_excerpt = null where lead_id = $1 and response_excerpt is not null`;

export const ERASE_CRM_ROW = `delete from crm_leads where lead_id = $1`;

/** A what-if that runs just now; what is left of a finished one holds none. */
export const ERASE_WHAT_IF_CLAIMS = `delete from what_if_claims where lead_id = $1`;

export const ERASE_FEEDBACK = `update feedback_events set crm_record_id = null where lead_id = $1`;

export const ERASE_LEAD = `
  update leads
     set status = 'ERASED', payload = '{}', normalized_payload = null, native_id = null, email_fingerprint = null, phone_fingerprint = null,
         sender_key_sha256 = null, identity_key_id = null, duplicate_check_skipped = false, hold_reason = null, hold_until = null,
         claimed_until = null, rung_at = null, crash_count = 0, updated_at = clock_timestamp()
   where id = $1`;
