import { storableText, type LeadId, type TenantId } from '#core';
import type { PoolClient } from '#platform';
import type { Verdict } from '../body/refusal.js';
import type { InboundRequest, LeadItem } from './submission.js';

/** One row of inbound_requests, with the leads it brought. */
export interface RowToStore {
  readonly inbound: InboundRequest;
  readonly verdict: Verdict;
  readonly verdictDetail: string | null;
  readonly statusCode: number;
  /** The new ones; none of a request that is only kept. */
  readonly leads: readonly LeadItem[];
  /** As in LeadSubmission. */
  readonly claimSeconds: number | null;
  /** SHA-256 of the whole body where less of it is kept; null: Postgres takes it of what is stored. */
  readonly bodySha256: Buffer | null;
}

/** What one line of the statement's arrays says: a request with its first lead or without one, or a further lead of the request before. */
interface Line {
  readonly row: RowToStore;
  readonly lead: LeadItem | null;
  readonly further: boolean;
}

/** body_text is a reading aid, no copy: 16 KiB of it are enough to recognise a lead. */
const BODY_TEXT_BYTES = 16 * 1024;

/**
 * Both tables in one statement. The bodies travel as one bytea that is cut up there: as an array of bytea each would be sent in hex,
 * escaped and twice as long. Text and jsonb of an ordinary JSON body are made from its stored bytes and do not travel at all.
 * Further leads of a request have no body_from: their request is stored with the first one.
 * A repeat after a broken connection meets its own rows: hence DO NOTHING on the ids.
 */
const STORE = {
  name: 'store_inbound_requests_and_leads',
  text: `WITH item AS MATERIALIZED (
           SELECT unnested.*, substring($1::bytea FROM body_from FOR body_length) AS body
             FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::int[], $9::text[], $10::text[],
                         $11::text[], $12::text[], $13::text[], $14::uuid[], $15::bytea[], $16::int[], $17::int[], $18::text[],
                         $19::bigint[], $20::boolean[], $21::bytea[], $22::uuid[], $23::text[], $24::text[], $25::text[],
                         $26::int[], $27::bytea[], $28::uuid[], $29::int[])
               AS unnested (id, tenant_id, source_id, route, verdict, verdict_detail, status_code, content_type, headers,
                            query, remote_address, request_id, correlation_id, key_sha256, body_from, body_length, body_text,
                            body_bytes, body_truncated, body_sha256, lead_id, native_id, flags, payload,
                            item_no, sender_key_sha256, first_under_sender_key, claim_seconds)
         ), stored AS (
           INSERT INTO inbound_requests (id, tenant_id, source_id, route, verdict, verdict_detail, status_code, content_type, headers, query,
                                         remote_address, request_id, correlation_id, key_sha256, body, body_text, body_bytes,
                                         body_truncated, body_sha256)
           SELECT id, tenant_id, source_id, route, verdict, verdict_detail, status_code, content_type, headers::jsonb, query,
                  remote_address, request_id, correlation_id, key_sha256, body, coalesce(body_text, convert_from(body, 'UTF8')), body_bytes,
                  body_truncated, coalesce(body_sha256, sha256(body))
             FROM item WHERE body_from IS NOT NULL
           ON CONFLICT (id) DO NOTHING
         )
         INSERT INTO leads (id, tenant_id, source_id, inbound_request_id, item_no, native_id, correlation_id, request_id, flags, payload,
                            sender_key_sha256, resubmission_of, claimed_until, rung_at, ring_gen)
         SELECT lead_id, tenant_id, source_id, id, coalesce(item_no, 0), native_id, correlation_id, request_id, string_to_array(flags, ','),
                coalesce(payload, convert_from(body, 'UTF8'))::jsonb,
                sender_key_sha256,
                CASE WHEN sender_key_sha256 IS NOT NULL THEN coalesce(
                  (SELECT coalesce(earlier.resubmission_of, earlier.id) FROM leads earlier
                    WHERE earlier.source_id = item.source_id AND earlier.sender_key_sha256 = item.sender_key_sha256 LIMIT 1),
                  first_under_sender_key) END,
                clock_timestamp() + make_interval(secs => claim_seconds),
                CASE WHEN tenant_id = ANY ($30::text[]) AND claim_seconds IS NULL THEN clock_timestamp() END,
                CASE WHEN tenant_id = ANY ($30::text[]) AND claim_seconds IS NULL THEN 1 ELSE 0 END
           FROM item WHERE lead_id IS NOT NULL
         ON CONFLICT (id) DO NOTHING
         RETURNING id, received_at`,
};

/**
 * @param rung whose leads will be rung right after the commit, those apart that their submitter decides itself
 * @returns the leads that are new and when they were received, so that a repeated call reports nothing twice
 */
export async function storeRows(client: PoolClient, rows: readonly RowToStore[], rung: ReadonlySet<TenantId>): Promise<Map<LeadId, Date>> {
  if (rows.length === 0) return new Map();
  const lines = rows.flatMap(linesOf);
  let offset = 1;
  const offsets = lines.map(({ row, further }) => {
    if (further) return null;
    const from = offset;
    offset += row.inbound.body.length;
    return from;
  });
  const { rows: stored } = await client.query<{ id: LeadId; received_at: Date }>({
    ...STORE,
    values: [
      rows.length === 1 ? (rows[0] as RowToStore).inbound.body : Buffer.concat(rows.map(({ inbound }) => inbound.body)),
      lines.map(({ row }) => row.inbound.id),
      lines.map(({ row }) => row.inbound.tenantId),
      lines.map(({ row }) => row.inbound.sourceId),
      lines.map(({ row }) => row.inbound.route),
      lines.map(({ row }) => row.verdict),
      sparse(lines.map(({ row }) => row.verdictDetail)),
      lines.map(({ row }) => row.statusCode),
      lines.map(({ row }) => row.inbound.contentType),
      lines.map(({ row, further }) => (further ? null : row.inbound.headers)),
      sparse(lines.map(({ row }) => row.inbound.query)),
      lines.map(({ row }) => row.inbound.remoteAddress),
      lines.map(({ row }) => row.inbound.requestId),
      lines.map(({ row }) => row.inbound.correlationId),
      sparse(lines.map(({ row }) => row.inbound.keySha256)),
      offsets,
      lines.map(({ row }) => row.inbound.body.length),
      sparse(lines.map(({ row, lead, further }) => (further ? null : bodyTextOf(row.inbound, lead)))),
      lines.map(({ row }) => row.inbound.bodyBytes),
      lines.map(({ row }) => row.inbound.bodyTruncated),
      sparse(lines.map(({ row }) => row.bodySha256)),
      lines.map(({ lead }) => lead?.leadId ?? null),
      sparse(lines.map(({ lead }) => lead?.nativeId ?? null)),
      lines.map(({ lead }) => lead?.flags.join(',') ?? ''),
      sparse(lines.map(({ lead, further }) => (lead === null ? null : payloadOf(lead, further)))),
      sparse(lines.map(({ lead }) => lead?.itemNo || null)),
      sparse(lines.map(({ lead }) => lead?.senderKeySha256 ?? null)),
      sparse(firstUnderSenderKeys(lines)),
      sparse(lines.map(({ row }) => row.claimSeconds)),
      [...rung],
    ],
  });
  return new Map(stored.map(({ id, received_at }) => [id, received_at]));
}

/** A column of nothing but nulls need not travel: unnest fills shorter arrays up with nulls. Ordinary leads leave most columns empty. */
export function sparse<Value>(column: (Value | null)[]): (Value | null)[] {
  return column.every((value) => value === null) ? [] : column;
}

function linesOf(row: RowToStore): Line[] {
  if (row.leads.length === 0) return [{ row, lead: null, further: false }];
  return row.leads.map((lead, index) => ({ row, lead, further: index > 0 }));
}

/** null: Postgres reads it from the bytes. */
export function bodyTextOf({ body }: InboundRequest, lead: LeadItem | null): string | null {
  if (lead?.verbatim === true && body.length <= BODY_TEXT_BYTES) return null;
  return storableText(body.toString('utf8', 0, BODY_TEXT_BYTES));
}

/** null: Postgres reads it from the bytes, which travel with the first lead of a request only. */
export function payloadOf({ payload, verbatim }: LeadItem, further = false): string | null {
  return verbatim && !further ? null : JSON.stringify(payload);
}

/** The statement does not see its own rows: for each lead the first one of the same call under the same sender's key, if that is another. */
function firstUnderSenderKeys(lines: readonly Line[]): (LeadId | null)[] {
  const firsts = new Map<string, LeadId>();
  return lines.map(({ row, lead }) => {
    if (lead === null || lead.senderKeySha256 === null) return null;
    const scope = `${row.inbound.sourceId}\n${lead.senderKeySha256.toString('hex')}`;
    const first = firsts.get(scope);
    if (first === undefined) firsts.set(scope, lead.leadId);
    return first ?? null;
  });
}
