import { insertAuditEventsOf } from '#audit';

/**
 * The commit does not wait for the disk: what Postgres itself may lose when it dies is the count of this load, and no lead was in a
 * process that died then. `found` looks the rows up by id, because Postgres would rather read the whole index of due leads.
 */
export const LOAD = {
  name: 'load_leads',
  text: `with found as materialized (select id, status, crash_count from leads where id = any($1::uuid[]) order by id for no key update),
              relaxed as materialized (select set_config('synchronous_commit', 'off', true) as setting)
         update leads set crash_count = leads.crash_count + 1
           from found, relaxed
          where leads.id = found.id and found.status = 'RECEIVED' and (found.crash_count = 0 or $2) and relaxed.setting = 'off'
      returning leads.id, tenant_id, source_id, native_id, request_id, received_at, payload, flags, journey_no + 1 as journey_no, leads.crash_count - 1 as crash_count`,
};

/** What a flush of decisions brings along besides states, journeys and events; a statement that has less to write costs less. */
export interface AlsoWritten {
  readonly deliveries: boolean;
  readonly crmLeads: boolean;
}

const INSERT_DELIVERIES = `, planned as (
           insert into deliveries (id, tenant_id, lead_id, destination_id, purpose, epoch, idempotency_key, content_type, payload, omitted_fields, status,
                  last_error, failure_class, bulk, rung_at, finished_at)
           select delivery.id, delivery.tenant_id, delivery.lead_id, delivery.destination_id, delivery.purpose, delivery.epoch, delivery.idempotency_key,
                  delivery.content_type, delivery.payload, delivery.omitted_fields, delivery.status, delivery.last_error, delivery.failure_class,
                  delivery.bulk, case when delivery.destination_id = any($2::text[]) and delivery.status = 'PENDING' and not delivery.bulk then clock_timestamp() end,
                  case when delivery.status <> 'PENDING' then clock_timestamp() end
             from winner cross join lateral jsonb_to_recordset(winner.deliveries)
               as delivery (id uuid, tenant_id text, lead_id uuid, destination_id text, purpose text, epoch int, idempotency_key text,
                  content_type text, payload text, omitted_fields jsonb, status text, last_error text, failure_class text, bulk boolean))`;

const INSERT_CRM_LEADS = `, crm as (
           insert into crm_leads (lead_id, tenant_id, click_id, country, creo, description, domain, email, first_name, ip, lang, last_name, marker, offer,
                  phone, sourcetype)
           select winner.id, winner.tenant_id, click_id, country, creo, description, domain, email, first_name, ip, lang, last_name, marker, offer,
                  phone, sourcetype
             from winner cross join lateral jsonb_to_recordset(winner.crm_leads)
               as crm_lead (click_id text, country text, creo text, description text, domain text, email text, first_name text, ip text, lang text,
                  last_name text, marker text, offer text, phone text, sourcetype text)
           on conflict (lead_id) do nothing)`;

/**
 * A decision in one statement; each row carries everything that is written of it ($1).
 *
 * First the compare-and-set: a lead that another process decided meanwhile is not returned, and nothing is written for it. The status it must
 * have comes with the row: written here, Postgres would read the whole index of due leads for every flush (measured with 30,000 of them:
 * 234 entries a lead, and half of the statement's time). A wait for the index that is taken up again ends when it would have ended.
 */
const writeText = ({ deliveries, crmLeads }: AlsoWritten): string => `
         with item as materialized (
           select * from jsonb_to_recordset($1::jsonb) as item (id uuid, tenant_id text, from_status text, status text, hold_reason text,
                  hold_seconds float8, decision text, reason_codes text[], rejection_reason text, normalized_payload jsonb, config_version_id uuid,
                  duplicate_of uuid, duplicate_matched_on text, duplicate_seen_at timestamptz, duplicate_check_skipped boolean,
                  email_fingerprint bytea, phone_fingerprint bytea, identity_key_id text, journey_id uuid, journey_no int, outcome text, reason text,
                  stages jsonb, duration_micros int, events jsonb, deliveries jsonb, crm_leads jsonb)),
         decided as (
           update leads
              set status = item.status, hold_reason = item.hold_reason,
                  hold_until = least(clock_timestamp() + make_interval(secs => item.hold_seconds),
                                     case when item.hold_reason = 'index_unavailable' then leads.hold_until end),
                  decision = item.decision, reason_codes = item.reason_codes, rejection_reason = item.rejection_reason,
                  normalized_payload = item.normalized_payload, config_version_id = item.config_version_id, duplicate_of = item.duplicate_of,
                  duplicate_check_skipped = item.duplicate_check_skipped,
                  email_fingerprint = case when item.identity_key_id is null then leads.email_fingerprint else item.email_fingerprint end,
                  phone_fingerprint = case when item.identity_key_id is null then leads.phone_fingerprint else item.phone_fingerprint end,
                  identity_key_id = coalesce(item.identity_key_id, leads.identity_key_id),
                  journey_no = item.journey_no, crash_count = 0, claimed_until = null, rung_at = null, updated_at = clock_timestamp()
             from item
            where leads.id = item.id and leads.status = item.from_status and leads.journey_no = item.journey_no - 1
            returning leads.id),
         winner as materialized (select * from item where id = any(array(select id from decided))),
         journey as (
           insert into journeys (id, tenant_id, lead_id, journey_no, outcome, reason, decision, reason_codes, stages, config_version_id, duration_micros,
                  duplicate_of, duplicate_matched_on, duplicate_seen_at, duplicate_check_skipped)
           select journey_id, tenant_id, id, journey_no, outcome, reason, decision, reason_codes, stages, config_version_id, duration_micros,
                  duplicate_of, duplicate_matched_on, duplicate_seen_at, duplicate_check_skipped
             from winner)${deliveries ? INSERT_DELIVERIES : ''}${crmLeads ? INSERT_CRM_LEADS : ''},
         event as (${insertAuditEventsOf('winner', 'winner.events')})
         select id from winner`;

const named = (name: string, also: AlsoWritten): { name: string; text: string } => ({ name, text: writeText(also) });
const WRITE = {
  neither: named('write_decisions', { deliveries: false, crmLeads: false }),
  deliveries: named('write_decisions_and_deliveries', { deliveries: true, crmLeads: false }),
  crmLeads: named('write_decisions_and_crm_leads', { deliveries: false, crmLeads: true }),
  both: named('write_decisions_deliveries_and_crm_leads', { deliveries: true, crmLeads: true }),
};

export function writeStatement({ deliveries, crmLeads }: AlsoWritten): { name: string; text: string } {
  return WRITE[deliveries ? (crmLeads ? 'both' : 'deliveries') : crmLeads ? 'crmLeads' : 'neither'];
}

export const FIND_JOURNEYS = { name: 'find_journeys_by_id', text: 'select id from journeys where id = any($1::uuid[])' };

export const CLOSE_TENANTS = {
  name: 'close_tenants',
  text: `with open as (select id from tenants where id = any($1::text[]) and closed_since is null order by id for no key update)
         update tenants set closed_since = clock_timestamp() from open where tenants.id = open.id and closed_since is null returning tenants.id`,
};
