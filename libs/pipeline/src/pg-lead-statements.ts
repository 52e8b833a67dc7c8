/**
 * The commit does not wait for the disk: what Postgres itself may lose when it dies is the count of this load, and no lead was in a
 * process that died then. `found` looks the rows up by id, because Postgres would rather read the whole index of due leads.
 */
export const LOAD = {
  name: 'load_leads',
  text: `with found as materialized (select id, status from leads where id = any($1::uuid[]) order by id for no key update),
              relaxed as materialized (select set_config('synchronous_commit', 'off', true) as setting)
         update leads set crash_count = crash_count + 1
           from found, relaxed
          where leads.id = found.id and found.status = 'RECEIVED' and relaxed.setting = 'off'
      returning leads.id, tenant_id, source_id, native_id, request_id, received_at, payload, flags, journey_no + 1 as journey_no, crash_count - 1 as crash_count`,
};

/**
 * The compare-and-set: a lead that another process decided meanwhile is not returned, and nothing is written for it. The status it must
 * have comes with the row: written here, Postgres would read the whole index of due leads for every flush (measured with 30,000 of them:
 * 234 entries a lead, and half of the statement's time). A wait for the index that is taken up again ends when it would have ended.
 */
export const DECIDE = {
  name: 'decide_leads',
  text: `update leads
            set status = row.status, hold_reason = row.hold_reason,
                hold_until = least(clock_timestamp() + make_interval(secs => row.hold_seconds),
                                   case when row.hold_reason = 'index_unavailable' then leads.hold_until end),
                decision = row.decision, reason_codes = row.reason_codes, rejection_reason = row.rejection_reason,
                normalized_payload = row.normalized_payload, config_version_id = row.config_version_id, duplicate_of = row.duplicate_of,
                duplicate_check_skipped = row.duplicate_check_skipped,
                email_fingerprint = case when row.identity_key_id is null then leads.email_fingerprint else row.email_fingerprint end,
                phone_fingerprint = case when row.identity_key_id is null then leads.phone_fingerprint else row.phone_fingerprint end,
                identity_key_id = coalesce(row.identity_key_id, leads.identity_key_id),
                journey_no = row.journey_no, crash_count = 0, claimed_until = null, rung_at = null, updated_at = clock_timestamp()
           from jsonb_to_recordset($1::jsonb) as row (id uuid, from_status text, status text, hold_reason text, hold_seconds float8, decision text,
                reason_codes text[], rejection_reason text, normalized_payload jsonb, config_version_id uuid, duplicate_of uuid,
                duplicate_check_skipped boolean, journey_no int, email_fingerprint bytea, phone_fingerprint bytea, identity_key_id text)
          where leads.id = row.id and leads.status = row.from_status and leads.journey_no = row.journey_no - 1
      returning leads.id`,
};

/**
 * Before DECIDE: every row by its primary key. A plan made while the table was small would read all of it, and Postgres keeps that plan
 * until it analyses the table, up to a minute later and 80,000 leads on (measured: half of the time of a decision).
 */
export const ROW_BY_ROW =
  'set local enable_seqscan = off; set local enable_bitmapscan = off; set local enable_hashjoin = off; set local enable_mergejoin = off';

export const INSERT_JOURNEYS = {
  name: 'insert_journeys',
  text: `insert into journeys (id, tenant_id, lead_id, journey_no, outcome, reason, decision, reason_codes, stages, config_version_id, duration_micros,
                               duplicate_of, duplicate_matched_on, duplicate_seen_at, duplicate_check_skipped)
         select journey_id, tenant_id, id, journey_no, outcome, reason, decision, reason_codes, stages, config_version_id, duration_micros,
                duplicate_of, duplicate_matched_on, duplicate_seen_at, duplicate_check_skipped
           from jsonb_to_recordset($1::jsonb) as row (journey_id uuid, tenant_id text, id uuid, journey_no int, outcome text, reason text,
                decision text, reason_codes text[], stages jsonb, config_version_id uuid, duration_micros int,
                duplicate_of uuid, duplicate_matched_on text, duplicate_seen_at timestamptz, duplicate_check_skipped boolean)`,
};

export const FIND_JOURNEYS = { name: 'find_journeys_by_id', text: 'select id from journeys where id = any($1::uuid[])' };

export const INSERT_DELIVERIES = {
  name: 'insert_deliveries',
  text: `insert into deliveries (id, tenant_id, lead_id, destination_id, purpose, epoch, idempotency_key, content_type, payload, omitted_fields, status, last_error,
                rung_at, finished_at)
         select id, tenant_id, lead_id, destination_id, purpose, epoch, idempotency_key, content_type, payload, omitted_fields, status, last_error,
                case when $2 and status = 'PENDING' then clock_timestamp() end, case when status <> 'PENDING' then clock_timestamp() end
           from jsonb_to_recordset($1::jsonb) as row (id uuid, tenant_id text, lead_id uuid, destination_id text, purpose text, epoch int,
                idempotency_key text, content_type text, payload text, omitted_fields jsonb, status text, last_error text)`,
};

export const INSERT_CRM_LEADS = {
  name: 'insert_crm_leads',
  text: `insert into crm_leads (lead_id, tenant_id, click_id, country, creo, description, domain, email, first_name, ip, lang, last_name, marker, offer, phone, sourcetype)
         select lead_id, tenant_id, click_id, country, creo, description, domain, email, first_name, ip, lang, last_name, marker, offer, phone, sourcetype
           from jsonb_to_recordset($1::jsonb) as row (lead_id uuid, tenant_id text, click_id text, country text, creo text, description text,
                domain text, email text, first_name text, ip text, lang text, last_name text, marker text, offer text, phone text, sourcetype text)
         on conflict (lead_id) do nothing`,
};

export const HOLD_AS_POISON = `
  update leads set status = 'HELD', hold_reason = 'poison', hold_until = null, rung_at = null, updated_at = clock_timestamp()
   where id = $1 and status = 'RECEIVED' returning id`;
