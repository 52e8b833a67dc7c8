import type { CallerOf } from '#access';
import { appendAuditEvents, type AuditActor } from '#audit';
import type { Doorbell, InboundRequestId, JsonObject, LeadId, SourceId, TenantId } from '#core';
import { Conflict, HttpProblem, inTransaction, NotFound, type Pool, type PoolClient } from '#platform';
import { acceptBatch } from '../accept/accept-batch.js';
import { leadItemsOf } from '../accept/lead-items.js';
import { type ReserveRings, ringsOf } from '../accept/lead-rings.js';
import type { ItemAcceptance, LeadSubmission } from '../accept/submission.js';
import { isRefusal, type Refusal } from '../body/refusal.js';
import { readRequest } from '../sources/read-request.js';
import type { SourceKinds } from '../sources/source-kinds.js';
import { sourceOfRequest, type SourcesInForce } from './source-of-request.js';
import { bodyOf, inboundRequestOf, LOCK_REQUEST, MARK_RELEASED, type StoredRequest } from './stored-request.js';

/** The stored bytes are refused once more. */
export class StillRefused extends HttpProblem {
  override readonly status = 422;
  override readonly title = 'The request is still no lead';
}

export const bodyCut = (): Conflict =>
  new Conflict(
    'body_truncated',
    'Only the first 4 KiB of this body were kept, so it cannot become a lead. Ask the sender to send it again.',
  );
export const noSuchRequest = (): NotFound => new NotFound('request_not_found', 'No request in quarantine has this id.');

export interface ReleasedLead {
  readonly leadId: LeadId;
  /** false: the lead was there already, by an earlier release or because the sender sent again under the same key. */
  readonly created: boolean;
}

/** In the order of the request. */
export type Release = readonly [ReleasedLead, ...ReleasedLead[]];

export interface Released {
  readonly leads: Release;
  readonly toRing: readonly LeadId[];
}

/** Who lets requests in, and whose. */
export interface Releaser {
  readonly actor: AuditActor;
  /** null: anybody's requests. */
  readonly tenantId: TenantId | null;
  /** What goes into the trail beside the request: ids only. */
  readonly detail: JsonObject;
}

/** How a release is made as part of something larger. */
export interface ReleaseOptions {
  /** Whose it is, where nobody knew that when it came. */
  readonly source: SourceId | null;
  /** Whose leads may be written as rung? */
  readonly reserveRings: ReserveRings;
}

export interface ReleaseRequestParts {
  readonly pool: Pool;
  readonly config: SourcesInForce;
  readonly kinds: SourceKinds;
  readonly doorbell: Doorbell;
}

/**
 * Lets a refused request in after a fix: its stored bytes take the door's way past authentication and size, under the source's present
 * configuration and with the same uniqueness as any lead, so a sender who meanwhile sent again under the same key is not doubled.
 */
export class ReleaseRequest {
  constructor(private readonly parts: ReleaseRequestParts) {}

  /**
   * @param source whose it is, where nobody knew that when it came
   * @throws NotFound, Conflict (why it cannot be released at all), StillRefused (what the door would say now)
   */
  async release(caller: CallerOf<'tenant' | 'operator'>, id: InboundRequestId, source: SourceId | null): Promise<Release> {
    const { pool, doorbell } = this.parts;
    const releaser: Releaser =
      caller.scope === 'operator'
        ? { actor: 'operator', tenantId: null, detail: { key_id: caller.keyId } }
        : { actor: `key:${caller.keyId}`, tenantId: caller.tenantId, detail: { key_id: caller.keyId } };
    const { toRing, leads } = await inTransaction(pool, (client) =>
      this.releaseIn(client, releaser, id, { source, reserveRings: ringsOf(doorbell) }),
    );
    if (toRing.length > 0) doorbell.ringLeads(toRing);
    return leads;
  }

  /**
   * The same inside the caller's transaction. What is to be rung is the caller's to ring, after the commit.
   * @throws as `release`; the caller rolls back what was written until then
   */
  async releaseIn(client: PoolClient, releaser: Releaser, id: InboundRequestId, options: ReleaseOptions): Promise<Released> {
    const stored = (await client.query<StoredRequest>(LOCK_REQUEST, [id, releaser.tenantId])).rows[0];
    if (stored === undefined) throw noSuchRequest();
    const before = releasedBefore(stored);
    if (before !== null) return { leads: before, toRing: [] };

    const { submission, tenantId, sourceId } = await this.submissionOf(id, stored, options.source);
    const { acceptances, toRing } = await acceptBatch(client, [submission], {
      // The request is stored already; nothing is added to the quarantine.
      quarantineBytesPerDay: Number.POSITIVE_INFINITY,
      reserveRings: options.reserveRings,
    });
    const leads = releasedLeads(acceptances[0]?.items ?? []);
    await client.query(MARK_RELEASED, [id, leads.map(({ leadId }) => leadId), releaser.actor, tenantId, sourceId]);
    await appendAuditEvents(
      client,
      leads.map(({ leadId, created }) => {
        const detail = { inbound_request_id: id, created, ...releaser.detail };
        return { tenantId, leadId, type: 'request.released', actor: releaser.actor, detail };
      }),
    );
    return { leads, toRing };
  }

  private async submissionOf(
    id: InboundRequestId,
    stored: StoredRequest,
    named: SourceId | null,
  ): Promise<{ submission: LeadSubmission; tenantId: TenantId; sourceId: SourceId }> {
    const { config, kinds } = this.parts;
    if (stored.body_truncated) {
      throw bodyCut();
    }
    const { source, sourceId, resolved } = await sourceOfRequest(config, kinds, stored, named);
    const { tenantId } = resolved;
    const read = await readRequest(kinds, source, bodyOf(stored));
    if (isRefusal(read)) throw stillRefused(read);
    const items = leadItemsOf(source, stored.key_sha256, read);
    if (isRefusal(items)) throw stillRefused(items);
    const inbound = inboundRequestOf(id, stored, tenantId, sourceId);
    // The statuses are not written: the row of the request stands already and goes on saying what its sender was told.
    return {
      submission: { kind: 'lead', inbound, acceptedStatus: 200, replayedStatus: 200, items, claimSeconds: null },
      tenantId,
      sourceId,
    };
  }
}

/** Requests released before several leads were possible have the one only. */
function releasedBefore({ released_lead_id, released_lead_ids }: StoredRequest): Release | null {
  if (released_lead_id === null) return null;
  const [first, ...others] = (released_lead_ids ?? [released_lead_id]).map((leadId) => ({ leadId, created: false }));
  return [first ?? { leadId: released_lead_id, created: false }, ...others];
}

function releasedLeads(acceptances: readonly ItemAcceptance[]): Release {
  const [first, ...others] = acceptances.map(releasedLead);
  if (first === undefined) throw new Error('A request that was read has at least one lead.');
  return [first, ...others];
}

function releasedLead(acceptance: ItemAcceptance): ReleasedLead {
  switch (acceptance.kind) {
    case 'accepted':
      return { leadId: acceptance.leadId, created: true };
    case 'replayed':
      return { leadId: acceptance.first.leadId, created: false };
    case 'key_reused':
      throw new Conflict('idempotency_key_reused', acceptance.detail);
  }
}

export function stillRefused({ verdict, detail, pointer = '' }: Refusal): StillRefused {
  return new StillRefused(verdict, detail, [{ pointer, code: verdict, detail }]);
}
