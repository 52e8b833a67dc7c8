import { auditEventRows, insertAuditEventsOf } from '#audit';
import type { LeadId, TenantId } from '#core';
import type { Pool } from '#platform';
import { keyScopeOf } from './claim-keys.js';
import { receivedEvent } from './received-event.js';
import { bodyTextOf, payloadOf, sparse } from './store-rows.js';
import type { InboundRequest, LeadItem, Submission } from './submission.js';

/** An ordinary request: it is one lead, kept whole, and nothing links it to another. */
export interface OneLead {
  readonly inbound: InboundRequest;
  readonly item: LeadItem;
  readonly acceptedStatus: number;
  readonly claimSeconds: number | null;
}

/** @returns null: whatever this is, it takes a transaction (acceptBatch) */
export function oneLeadOf(submission: Submission): OneLead | null {
  if (submission.kind === 'refused' || submission.items.length > 1) return null;
  const { inbound, acceptedStatus, claimSeconds } = submission;
  const [item] = submission.items;
  const isWhole = inbound.bodyBytes === inbound.body.length && !inbound.bodyTruncated;
  return isWhole && item.senderKeySha256 === null ? { inbound, item, acceptedStatus, claimSeconds } : null;
}

const TAKE_ALL = 'taken AS MATERIALIZED (SELECT * FROM item)';
const TAKE_CLAIMED = `
       claimed AS (
         INSERT INTO idempotency_records AS record (tenant_id, source_id, key_sha256, body_fingerprint, lead_id, expires_at)
         SELECT tenant_id, source_id, claim_sha256, claim_fingerprint, lead_id, clock_timestamp() + make_interval(hours => ttl_hours)
           FROM item WHERE claim_sha256 IS NOT NULL
         ON CONFLICT (tenant_id, source_id, key_sha256) DO UPDATE
            SET body_fingerprint = excluded.body_fingerprint, lead_id = excluded.lead_id,
                created_at = clock_timestamp(), expires_at = excluded.expires_at
          WHERE record.expires_at <= clock_timestamp()
         RETURNING lead_id),
       taken AS MATERIALIZED (SELECT * FROM item WHERE claim_sha256 IS NULL OR lead_id IN (SELECT lead_id FROM claimed))`;

/**
 * Keys, requests, leads and audit events in one statement, which is its own transaction. A lead whose key is somebody else's is left out of
 * all of it, and so is one that is stored already, by a flush whose outcome nobody heard of: what becomes of them is acceptBatch's to say.
 * The bodies travel as one bytea that is cut up there; text and jsonb of an ordinary JSON body are made from its stored bytes.
 *
 * A server that was frozen reads, once it wakes up, what was sent to it, and would commit it long after the senders were told that it was
 * not: hence $27, by which the statement begins or stores nothing. (Of a transaction its COMMIT would not have been sent by then.)
 */
const storeText = (taken: string): string => `
  WITH item AS MATERIALIZED (
         SELECT unnested.*, substring($1::bytea FROM body_from FOR body_length) AS body
           FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::int[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[],
                       $12::uuid[], $13::bytea[], $14::int[], $15::int[], $16::text[], $17::uuid[], $18::text[], $19::text[], $20::text[],
                       $21::int[], $22::text[], $23::bytea[], $24::bytea[], $25::int[])
             AS unnested (id, tenant_id, source_id, route, status_code, content_type, headers, query, remote_address, request_id,
                          correlation_id, key_sha256, body_from, body_length, body_text, lead_id, native_id, flags, payload,
                          claim_seconds, events, claim_sha256, claim_fingerprint, ttl_hours)
          WHERE clock_timestamp() < to_timestamp($27)),
       ${taken},
       stored AS (
         INSERT INTO inbound_requests (id, tenant_id, source_id, route, verdict, status_code, content_type, headers, query, remote_address,
                                       request_id, correlation_id, key_sha256, body, body_text, body_bytes, body_sha256)
         SELECT id, tenant_id, source_id, route, 'accepted', status_code, content_type, headers::jsonb, query, remote_address,
                request_id, correlation_id, key_sha256, body, coalesce(body_text, convert_from(body, 'UTF8')), body_length, sha256(body)
           FROM taken
         ON CONFLICT (id) DO NOTHING),
       added AS (
         INSERT INTO leads (id, tenant_id, source_id, inbound_request_id, native_id, correlation_id, request_id, flags, payload,
                            claimed_until, rung_at, ring_gen)
         SELECT lead_id, tenant_id, source_id, id, native_id, correlation_id, request_id, string_to_array(flags, ','),
                coalesce(payload, convert_from(body, 'UTF8'))::jsonb,
                clock_timestamp() + make_interval(secs => claim_seconds),
                CASE WHEN tenant_id = ANY ($26::text[]) AND claim_seconds IS NULL THEN clock_timestamp() END,
                CASE WHEN tenant_id = ANY ($26::text[]) AND claim_seconds IS NULL THEN 1 ELSE 0 END
           FROM taken
         ON CONFLICT (id) DO NOTHING
         RETURNING id, received_at),
       event AS (${insertAuditEventsOf('(SELECT events FROM taken WHERE lead_id IN (SELECT id FROM added)) fresh', 'fresh.events::jsonb')})
  SELECT id, received_at FROM added`;

const STORE = { name: 'store_at_once', text: storeText(TAKE_ALL) };
const STORE_WITH_KEYS = { name: 'store_at_once_with_keys', text: storeText(TAKE_CLAIMED) };
/** The statements that are their own transaction, by their names. */
export const COMMITS_BY_ITSELF: readonly string[] = [STORE.name, STORE_WITH_KEYS.name];

export interface StoreTerms {
  /** Whose leads will be rung right after, those with claimSeconds apart. */
  readonly rung: ReadonlySet<TenantId>;
  /** Seconds since 1970 by the clock of Postgres: what begins later stores nothing. */
  readonly beginBefore: number;
}

/** @returns which of them are stored now because of this call, and when they were received. Of equal keys the first is tried. */
export async function storeAtOnce(pool: Pool, leads: readonly OneLead[], { rung, beginBefore }: StoreTerms): Promise<Map<LeadId, Date>> {
  const lines = firstsInOrderOfKeys(leads);
  let next = 1;
  const offsets = lines.map(({ inbound }) => {
    const from = next;
    next += inbound.body.length;
    return from;
  });
  const { rows } = await pool.query<{ id: LeadId; received_at: Date }>({
    ...(lines.some(({ item }) => item.key !== null) ? STORE_WITH_KEYS : STORE),
    values: [
      Buffer.concat(lines.map(({ inbound }) => inbound.body)),
      lines.map(({ inbound }) => inbound.id),
      lines.map(({ inbound }) => inbound.tenantId),
      lines.map(({ inbound }) => inbound.sourceId),
      lines.map(({ inbound }) => inbound.route),
      lines.map(({ acceptedStatus }) => acceptedStatus),
      lines.map(({ inbound }) => inbound.contentType),
      lines.map(({ inbound }) => inbound.headers),
      sparse(lines.map(({ inbound }) => inbound.query)),
      lines.map(({ inbound }) => inbound.remoteAddress),
      lines.map(({ inbound }) => inbound.requestId),
      lines.map(({ inbound }) => inbound.correlationId),
      sparse(lines.map(({ inbound }) => inbound.keySha256)),
      offsets,
      lines.map(({ inbound }) => inbound.body.length),
      sparse(lines.map(({ inbound, item }) => bodyTextOf(inbound, item))),
      lines.map(({ item }) => item.leadId),
      sparse(lines.map(({ item }) => item.nativeId)),
      lines.map(({ item }) => item.flags.join(',')),
      sparse(lines.map(({ item }) => payloadOf(item))),
      sparse(lines.map(({ claimSeconds }) => claimSeconds)),
      lines.map(({ inbound, item }) => JSON.stringify(auditEventRows([receivedEvent(inbound, item.leadId)]))),
      sparse(lines.map(({ item }) => item.key?.sha256 ?? null)),
      sparse(lines.map(({ item }) => item.key?.bodyFingerprint ?? null)),
      sparse(lines.map(({ item }) => item.key?.ttlHours ?? null)),
      [...rung],
      beginBefore,
    ],
  });
  return new Map(rows.map(({ id, received_at }) => [id, received_at]));
}

/** As keys are claimed everywhere: two processes with the same keys wait for each other, but never in a circle. */
function firstsInOrderOfKeys(leads: readonly OneLead[]): OneLead[] {
  const unkeyed: OneLead[] = [];
  const firsts = new Map<string, OneLead>();
  for (const lead of leads) {
    if (lead.item.key === null) {
      unkeyed.push(lead);
      continue;
    }
    const scope = keyScopeOf(lead.inbound, lead.item.key);
    if (!firsts.has(scope)) firsts.set(scope, lead);
  }
  const keyed = [...firsts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, lead]) => lead);
  return [...unkeyed, ...keyed];
}
