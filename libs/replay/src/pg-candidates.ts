import type { LeadStatus, SourceId, TenantId } from '#core';
import type { Pool, PoolClient } from '#platform';
import { statusesOf } from './check-wish.js';
import type { ReplayFilter, ReplayWish } from './replay.js';

/**
 * How many rows one statement looks at, found or not: what a filter matches may be rare among millions, and no statement may take longer
 * than a request can wait.
 */
const PAGE = 5000;

/** How far a look through everything got: the status (of leads) or the only part (of requests), and the last id in it. */
export interface Place {
  readonly part: string;
  readonly after: string | null;
}

export interface Found {
  /** null: everything was looked at. */
  readonly next: Place | null;
  readonly groups: readonly { readonly status: string; readonly because: string | null; readonly count: number }[];
}

const NO_ID = '00000000-0000-0000-0000-000000000000';

/** Those that were there when it was asked for; the moment is $3. */
const LEAD_PAGE = `
  page as materialized (
    select id from leads where tenant_id = $1 and status = $2 and id > $4::uuid order by id limit ${PAGE}),
  found as (
    select lead.id, lead.status,
           coalesce((select min(dead.failure_class) from deliveries dead
                      where dead.lead_id = lead.id and dead.status = 'PERMANENTLY_FAILED' and dead.superseded_at is null),
                    case when lead.status = 'PERMANENTLY_FAILED' and 'MISSING_TARGET_FIELD' = any(lead.reason_codes) then 'missing_field' end,
                    lead.hold_reason, lead.rejection_reason) as because
      from page join leads lead using (id)
     where lead.received_at <= $3 and lead.status = $2
       and ($5::text is null or lead.source_id = $5)
       and ($6::timestamptz is null or lead.received_at >= $6) and ($7::timestamptz is null or lead.received_at < $7)
       and ($8::text[] is null or lead.reason_codes && $8)
       and ($9::text[] is null or lead.hold_reason = any($9))
       and ($10::text is null or exists (
             select from deliveries chosen where chosen.lead_id = lead.id and chosen.destination_id = $10 and chosen.superseded_at is null))
       and ($11::text[] is null
            or exists (select from deliveries dead
                        where dead.lead_id = lead.id and dead.status = 'PERMANENTLY_FAILED' and dead.superseded_at is null
                          and dead.failure_class = any($11) and ($10::text is null or dead.destination_id = $10))
            or ('missing_field' = any($11) and $10::text is null and lead.status = 'PERMANENTLY_FAILED'
                and 'MISSING_TARGET_FIELD' = any(lead.reason_codes))))`;

/** The words of the partial index inbound_requests_refused. A request that nobody knew the tenant of is released alone, by an operator. */
const REQUEST_PAGE = `
  page as materialized (
    select id from inbound_requests where verdict <> 'accepted' and verdict <> 'replayed' and id > $4::uuid order by id limit ${PAGE}),
  found as (
    select request.id, 'quarantined' as status, request.verdict as because
      from page join inbound_requests request using (id)
     where request.tenant_id = $1 and request.received_at <= $3 and request.released_at is null
       and $2::text = $2
       and ($5::text is null or request.source_id = $5)
       and ($6::timestamptz is null or request.received_at >= $6) and ($7::timestamptz is null or request.received_at < $7)
       and ($8::text[] is null or request.verdict = any($8)))`;

const counting = (page: string): string => `
  with ${page}, grouped as (select status, because, count(*)::int as count from found group by status, because)
  select (select count(*)::int from page) as looked, (select id from page order by id desc limit 1) as last,
         coalesce((select json_agg(grouped) from grouped), '[]') as groups`;

/** $12 (of leads) or $9 (of requests): the replay. What was found before is left as it is. */
const collecting = (page: string, replay: string): string => `
  with ${page},
       written as (insert into replay_items (replay_id, item_id) select ${replay}, id from found on conflict do nothing returning item_id),
       grouped as (select status, because, count(*)::int as count from found join written on written.item_id = found.id group by status, because)
  select (select count(*)::int from page) as looked, (select id from page order by id desc limit 1) as last,
         coalesce((select json_agg(grouped) from grouped), '[]') as groups`;

const STATEMENTS = {
  leads: {
    count: { name: 'count_leads_to_replay', text: counting(LEAD_PAGE) },
    collect: { name: 'collect_leads_to_replay', text: collecting(LEAD_PAGE, '$12::uuid') },
  },
  requests: {
    count: { name: 'count_requests_to_release', text: counting(REQUEST_PAGE) },
    collect: { name: 'collect_requests_to_release', text: collecting(REQUEST_PAGE, '$9::uuid') },
  },
};

export interface Look {
  readonly wish: Pick<ReplayWish, 'tenantId' | 'kind' | 'filter'>;
  /** Only what had come by then. */
  readonly asOf: Date;
  /** null: from the beginning. */
  readonly place: Place | null;
  /** What is found is written down as items of this replay; null: it is only counted. */
  readonly collectInto: string | null;
}

/** Looks at one page. */
export async function lookForCandidates(client: Pool | PoolClient, { wish, asOf, place, collectInto }: Look): Promise<Found> {
  const { tenantId, kind, filter } = wish;
  const parts: readonly string[] = kind === 'release' ? ['quarantined'] : statusesOf(kind, filter);
  const here = place ?? { part: parts[0] ?? '', after: null };
  const statement = STATEMENTS[kind === 'release' ? 'requests' : 'leads'][collectInto === null ? 'count' : 'collect'];
  const values = kind === 'release' ? ofRequests(tenantId, asOf, here, filter) : ofLeads(tenantId, asOf, here, filter);
  const { rows } = await client.query<{ looked: number; last: string | null; groups: Found['groups'] }>({
    ...statement,
    values: collectInto === null ? values : [...values, collectInto],
  });
  const { looked, last, groups } = rows[0] as { looked: number; last: string | null; groups: Found['groups'] };
  return { next: nextPlace(parts, here, looked < PAGE ? null : last), groups };
}

function nextPlace(parts: readonly string[], { part }: Place, last: string | null): Place | null {
  if (last !== null) return { part, after: last };
  const next = parts[parts.indexOf(part) + 1];
  return next === undefined ? null : { part: next, after: null };
}

function ofLeads(tenantId: TenantId, asOf: Date, { part, after }: Place, filter: ReplayFilter): unknown[] {
  const { source, from, to, reason_codes, hold_reason, destination, failure_class } = filter;
  return [
    ...[tenantId, part as LeadStatus, asOf, after ?? NO_ID, (source ?? null) as SourceId | null, from ?? null, to ?? null],
    ...[reason_codes ?? null, hold_reason ?? null, destination ?? null, failure_class ?? null],
  ];
}

function ofRequests(tenantId: TenantId, asOf: Date, { part, after }: Place, { source, from, to, verdict }: ReplayFilter): unknown[] {
  return [tenantId, part, asOf, after ?? NO_ID, source ?? null, from ?? null, to ?? null, verdict ?? null];
}
