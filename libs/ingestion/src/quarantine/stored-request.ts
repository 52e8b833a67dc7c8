import type { InboundRequestId, LeadId, SourceId, TenantId } from '#core';
import type { InboundRequest } from '../accept/submission.js';
import type { BodyToRead } from '../body/read-body.js';

/** A refused request as its row keeps it. */
export interface StoredRequest {
  readonly tenant_id: TenantId | null;
  readonly source_id: SourceId | null;
  readonly route: string;
  readonly content_type: string | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly query: string | null;
  readonly remote_address: string | null;
  readonly request_id: string;
  readonly correlation_id: string;
  readonly key_sha256: Buffer | null;
  readonly body: Buffer;
  readonly body_truncated: boolean;
  readonly released_lead_id: LeadId | null;
  readonly released_lead_ids: readonly LeadId[] | null;
}

/** The lock makes a second release wait and then find the first one's leads. A tenant ($2) finds its own requests only. */
export const LOCK_REQUEST = `
  SELECT tenant_id, source_id, route, content_type, headers, query, remote_address, request_id, correlation_id, key_sha256, body,
         body_truncated, released_lead_id, released_lead_ids
    FROM inbound_requests WHERE id = $1 AND verdict <> 'accepted' AND verdict <> 'replayed'
     AND ($2::text IS NULL OR tenant_id = $2) FOR UPDATE`;

/** A request that nobody knew the tenant of belongs to the one it was released to. */
export const MARK_RELEASED = `
  UPDATE inbound_requests
     SET released_at = clock_timestamp(), released_by = $3, released_lead_id = ($2::uuid[])[1], released_lead_ids = $2,
         tenant_id = $4, source_id = $5
   WHERE id = $1`;

export function bodyOf({ body, content_type, headers }: StoredRequest): BodyToRead {
  return { bytes: body, contentType: content_type, contentEncoding: headers['content-encoding'] ?? null };
}

/** The request as the door had it, for the source it is released to. */
export function inboundRequestOf(id: InboundRequestId, stored: StoredRequest, tenantId: TenantId, sourceId: SourceId): InboundRequest {
  return {
    id,
    tenantId,
    sourceId,
    route: stored.route,
    contentType: stored.content_type,
    headers: JSON.stringify(stored.headers),
    query: stored.query,
    remoteAddress: stored.remote_address,
    requestId: stored.request_id,
    correlationId: stored.correlation_id,
    body: stored.body,
    bodyBytes: stored.body.length,
    bodyTruncated: false,
    keySha256: stored.key_sha256,
  };
}
