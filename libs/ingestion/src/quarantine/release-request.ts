import type { CallerOf } from '#access';
import { appendAuditEvents } from '#audit';
import {
  sourceIdOf,
  type ActiveConfig,
  type Doorbell,
  type InboundRequestId,
  type LeadId,
  type SourceConfig,
  type SourceId,
  type TenantId,
} from '#core';
import { Conflict, HttpProblem, inTransaction, newId, NotFound, type Pool, type PoolClient } from '#platform';
import { acceptBatch } from '../accept/accept-batch.js';
import { keyClaimOf, type InboundRequest, type LeadSubmission } from '../accept/submission.js';
import { ANSWERS } from '../answers/answer-styles.js';
import { isRefusal } from '../body/refusal.js';
import { readLead } from '../sources/read-lead.js';
import type { SourceKinds } from '../sources/source-kinds.js';

/** The stored bytes are refused once more. */
export class StillRefused extends HttpProblem {
  override readonly status = 422;
  override readonly title = 'The request is still no lead';
}

export const noSuchRequest = (): NotFound => new NotFound('request_not_found', 'No request in quarantine has this id.');

export interface Release {
  readonly leadId: LeadId;
  /** false: the lead was there already, by an earlier release or because the sender sent again under the same key. */
  readonly created: boolean;
}

interface StoredRequest {
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
}

/** The lock makes a second release wait and then find the first one's lead. A tenant ($2) finds its own requests only. */
const LOCK_REQUEST = `
  SELECT tenant_id, source_id, route, content_type, headers, query, remote_address, request_id, correlation_id, key_sha256, body,
         body_truncated, released_lead_id
    FROM inbound_requests WHERE id = $1 AND verdict <> 'accepted' AND verdict <> 'replayed'
     AND ($2::text IS NULL OR tenant_id = $2) FOR UPDATE`;
const MARK_RELEASED = `
  UPDATE inbound_requests SET released_at = clock_timestamp(), released_by = $3, released_lead_id = $2 WHERE id = $1`;

export interface ReleaseRequestParts {
  readonly pool: Pool;
  readonly config: Pick<ActiveConfig, 'tenant'>;
  readonly kinds: SourceKinds;
  readonly doorbell: Doorbell;
}

/**
 * Lets a refused request in after a fix: its stored bytes take the door's way past authentication and size, under the source's present
 * configuration and with the same uniqueness as any lead, so a sender who meanwhile sent again under the same key is not doubled.
 */
export class ReleaseRequest {
  constructor(private readonly parts: ReleaseRequestParts) {}

  /** @throws NotFound, Conflict (why it cannot be released at all), StillRefused (what the door would say now) */
  async release(caller: CallerOf<'tenant' | 'operator'>, id: InboundRequestId): Promise<Release> {
    const { pool, doorbell } = this.parts;
    const { toRing, ...release } = await inTransaction(pool, (client) => this.releaseIn(client, caller, id));
    if (toRing.length > 0) doorbell.ringLeads(toRing);
    return release;
  }

  private async releaseIn(
    client: PoolClient,
    caller: CallerOf<'tenant' | 'operator'>,
    id: InboundRequestId,
  ): Promise<Release & { toRing: readonly LeadId[] }> {
    const stored = (await client.query<StoredRequest>(LOCK_REQUEST, [id, caller.scope === 'operator' ? null : caller.tenantId])).rows[0];
    if (stored === undefined) throw noSuchRequest();
    if (stored.released_lead_id !== null) return { leadId: stored.released_lead_id, created: false, toRing: [] };

    const submission = await this.submissionOf(id, stored);
    const { acceptances, toRing } = await acceptBatch(client, [submission], {
      // The request is stored already; nothing is added to the quarantine.
      quarantineBytesPerDay: Number.POSITIVE_INFINITY,
      reserveRing: (leads) => this.parts.doorbell.reserve('leads', leads),
    });
    const acceptance = acceptances[0];
    if (acceptance?.kind === 'key_reused') throw new Conflict('idempotency_key_reused', acceptance.detail);
    const created = acceptance?.kind !== 'replayed';
    const leadId = acceptance?.kind === 'replayed' ? acceptance.first.leadId : submission.leadId;
    const actor = caller.scope === 'operator' ? 'operator' : (`key:${caller.keyId}` as const);
    await client.query(MARK_RELEASED, [id, leadId, actor]);
    const { tenantId } = submission.inbound;
    const detail = { inbound_request_id: id, created, key_id: caller.keyId };
    await appendAuditEvents(client, [{ tenantId, leadId, type: 'request.released', actor, detail }]);
    return { leadId, created, toRing };
  }

  private async submissionOf(id: InboundRequestId, stored: StoredRequest): Promise<LeadSubmission> {
    const { source, tenantId, sourceId } = this.sourceOf(stored);
    if (stored.body_truncated) {
      throw new Conflict(
        'body_truncated',
        'Only the first 4 KiB of this body were kept, so it cannot become a lead. Ask the sender to send it again.',
      );
    }
    const read = await readLead(this.parts.kinds, source, {
      bytes: stored.body,
      contentType: stored.content_type,
      contentEncoding: stored.headers['content-encoding'] ?? null,
    });
    if (isRefusal(read)) {
      const pointer = read.pointer ?? '';
      throw new StillRefused(read.verdict, read.detail, [{ pointer, code: read.verdict, detail: read.detail }]);
    }
    const inbound: InboundRequest = {
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
    return {
      kind: 'lead',
      inbound,
      acceptedStatus: ANSWERS[source.answers].acceptedStatus,
      replayedStatus: ANSWERS[source.answers].replayedStatus,
      leadId: newId() as LeadId,
      nativeId: null,
      read,
      key: keyClaimOf(inbound, source.idempotency, read),
    };
  }

  /** By tenant and name, not by path: a path may meanwhile belong to somebody else. */
  private sourceOf({ tenant_id, source_id }: StoredRequest): { source: SourceConfig; tenantId: TenantId; sourceId: SourceId } {
    const sources = tenant_id === null ? undefined : this.parts.config.tenant(tenant_id)?.config.sources;
    const source = sources?.find(({ name }) => tenant_id !== null && sourceIdOf(tenant_id, name) === source_id);
    if (source === undefined || tenant_id === null || source_id === null) {
      throw new Conflict(
        'source_gone',
        'The source this request came to is not in the active configuration. Configure it again, then release.',
      );
    }
    return { source, tenantId: tenant_id, sourceId: source_id };
  }
}
