import type { LeadId } from '#core';
import type { PoolClient } from '#platform';
import type { Verdict } from '../body/refusal.js';
import { storableText } from '../body/storable-copy.js';
import type { InboundRequest, LeadSubmission } from './submission.js';

/** One row of inbound_requests, with its lead when it becomes one. */
export interface RowToStore {
  readonly inbound: InboundRequest;
  readonly verdict: Verdict;
  readonly verdictDetail: string | null;
  readonly statusCode: number;
  readonly lead: LeadSubmission | null;
  /** SHA-256 of the whole body where less of it is kept; null: Postgres takes it of what is stored. */
  readonly bodySha256: Buffer | null;
}

/** body_text is a reading aid, no copy: 16 KiB of it are enough to recognise a lead. */
const BODY_TEXT_BYTES = 16 * 1024;

/**
 * Both tables in one statement. The bodies travel as one bytea that is cut up there: as an array of bytea each would be sent in hex,
 * escaped and twice as long. Text and jsonb of an ordinary JSON body are made from its stored bytes and do not travel at all.
 * A repeat after a broken connection meets its own rows: hence DO NOTHING on the ids.
 */
const STORE = {
  name: 'store_inbound_requests_and_leads',
  text: `WITH item AS MATERIALIZED (
           SELECT unnested.*, substring($1::bytea FROM body_from FOR body_length) AS body
             FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::int[], $9::text[], $10::text[],
                         $11::text[], $12::text[], $13::text[], $14::uuid[], $15::bytea[], $16::int[], $17::int[], $18::text[],
                         $19::bigint[], $20::boolean[], $21::bytea[], $22::uuid[], $23::text[], $24::text[], $25::text[])
               AS unnested (id, tenant_id, source_id, route, verdict, verdict_detail, status_code, content_type, headers,
                            query, remote_address, request_id, correlation_id, key_sha256, body_from, body_length, body_text,
                            body_bytes, body_truncated, body_sha256, lead_id, native_id, flags, payload)
         ), stored AS (
           INSERT INTO inbound_requests (id, tenant_id, source_id, route, verdict, verdict_detail, status_code, content_type, headers, query,
                                         remote_address, request_id, correlation_id, key_sha256, body, body_text, body_bytes,
                                         body_truncated, body_sha256)
           SELECT id, tenant_id, source_id, route, verdict, verdict_detail, status_code, content_type, headers::jsonb, query,
                  remote_address, request_id, correlation_id, key_sha256, body, coalesce(body_text, convert_from(body, 'UTF8')), body_bytes,
                  body_truncated, coalesce(body_sha256, sha256(body))
             FROM item
           ON CONFLICT (id) DO NOTHING
         )
         INSERT INTO leads (id, tenant_id, source_id, inbound_request_id, native_id, correlation_id, request_id, flags, payload, rung_at, ring_gen)
         SELECT lead_id, tenant_id, source_id, id, native_id, correlation_id, request_id, string_to_array(flags, ','),
                coalesce(payload, convert_from(body, 'UTF8'))::jsonb,
                CASE WHEN $26 THEN clock_timestamp() END, CASE WHEN $26 THEN 1 ELSE 0 END
           FROM item WHERE lead_id IS NOT NULL
         ON CONFLICT (id) DO NOTHING
         RETURNING id`,
};

/**
 * @param rung the leads will be rung right after the commit
 * @returns the leads that are new, so that a repeated call reports nothing twice
 */
export async function storeRows(client: PoolClient, rows: readonly RowToStore[], rung: boolean): Promise<Set<LeadId>> {
  if (rows.length === 0) return new Set();
  let offset = 1;
  const offsets = rows.map(({ inbound }) => {
    const from = offset;
    offset += inbound.body.length;
    return from;
  });
  const { rows: stored } = await client.query<{ id: LeadId }>({
    ...STORE,
    values: [
      rows.length === 1 ? (rows[0] as RowToStore).inbound.body : Buffer.concat(rows.map(({ inbound }) => inbound.body)),
      rows.map(({ inbound }) => inbound.id),
      rows.map(({ inbound }) => inbound.tenantId),
      rows.map(({ inbound }) => inbound.sourceId),
      rows.map(({ inbound }) => inbound.route),
      rows.map(({ verdict }) => verdict),
      rows.map(({ verdictDetail }) => verdictDetail),
      rows.map(({ statusCode }) => statusCode),
      rows.map(({ inbound }) => inbound.contentType),
      rows.map(({ inbound }) => inbound.headers),
      rows.map(({ inbound }) => inbound.query),
      rows.map(({ inbound }) => inbound.remoteAddress),
      rows.map(({ inbound }) => inbound.requestId),
      rows.map(({ inbound }) => inbound.correlationId),
      rows.map(({ inbound }) => inbound.keySha256),
      offsets,
      rows.map(({ inbound }) => inbound.body.length),
      rows.map(bodyTextOf),
      rows.map(({ inbound }) => inbound.bodyBytes),
      rows.map(({ inbound }) => inbound.bodyTruncated),
      rows.map(({ bodySha256 }) => bodySha256),
      rows.map(({ lead }) => lead?.leadId ?? null),
      rows.map(({ lead }) => lead?.nativeId ?? null),
      rows.map(({ lead }) => lead?.read.flags.join(',') ?? ''),
      rows.map(payloadOf),
      rung,
    ],
  });
  return new Set(stored.map((row) => row.id));
}

/** null: Postgres reads it from the bytes. */
function bodyTextOf({ inbound, lead }: RowToStore): string | null {
  if (lead?.read.verbatim === true && inbound.body.length <= BODY_TEXT_BYTES) return null;
  return storableText(inbound.body.toString('utf8', 0, BODY_TEXT_BYTES));
}

function payloadOf({ lead }: RowToStore): string | null {
  return lead === null || lead.read.verbatim ? null : JSON.stringify(lead.read.payload);
}
