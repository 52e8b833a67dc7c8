import { createHash } from 'node:crypto';
import type { LeadId, SourceId } from '#core';
import type { PoolClient } from '#platform';
import type { InboundRequest, KeyClaim, KeyHolder, LeadItem } from './submission.js';

/** Another lead that holds a key, with what decides whether a request under the key is the same one. */
export interface Holder extends KeyHolder {
  readonly bodyFingerprint: Buffer;
  readonly bodySha256: Buffer;
}

/** One lead of a request and the request it came with. */
export interface Claimant {
  readonly inbound: InboundRequest;
  readonly item: LeadItem;
}

type KeyedClaimant = Claimant & { readonly item: LeadItem & { readonly key: KeyClaim } };

/**
 * Who holds each key, by keyScopeOf: a claimant of this call, whose row is not written yet, or a lead that is stored.
 */
export type KeyHolders = ReadonlyMap<string, { readonly here: KeyedClaimant } | { readonly stored: Holder }>;

/**
 * An expired record is taken over in the same statement; one without expires_at never is. DO UPDATE rather than DO NOTHING because it
 * also locks a record that is not taken over, so that the sweep cannot remove it before READ_HOLDERS has seen it. Closes the race between
 * two requests with one key in any number of processes; not that of a sender who sends again after the record expired.
 */
const claimSql = (condition: string): string => `
  INSERT INTO idempotency_records AS record (tenant_id, source_id, key_sha256, body_fingerprint, lead_id, expires_at)
  SELECT tenant_id, source_id, key_sha256, body_fingerprint, lead_id, clock_timestamp() + make_interval(hours => ttl_hours)
    FROM unnest($1::text[], $2::text[], $3::bytea[], $4::bytea[], $5::uuid[], $6::int[])
      AS claim (tenant_id, source_id, key_sha256, body_fingerprint, lead_id, ttl_hours)
   ${condition}
  ON CONFLICT (tenant_id, source_id, key_sha256) DO UPDATE
     SET body_fingerprint = excluded.body_fingerprint, lead_id = excluded.lead_id,
         created_at = clock_timestamp(), expires_at = excluded.expires_at
   WHERE record.expires_at <= clock_timestamp()
  RETURNING lead_id`;

const CLAIM = { name: 'claim_idempotency_keys', text: claimSql('') };

/**
 * The first lead under a sender's key has to be visible to the statement that stores the second one, also when both come at the same
 * moment: whoever sees no lead under the key yet waits here until nobody else is storing one. Keys that have a lead wait for nothing.
 */
const CLAIM_WITH_SENDER_KEYS = {
  name: 'claim_idempotency_and_sender_keys',
  text: claimSql(`WHERE (
     SELECT count(CASE WHEN (SELECT id FROM leads
                              WHERE leads.source_id = sender.source_id AND leads.sender_key_sha256 = sender.key_sha256 LIMIT 1) IS NULL
                       THEN pg_advisory_xact_lock(sender.lock)::text END)
       FROM unnest($7::text[], $8::bytea[], $9::bigint[]) AS sender (source_id, key_sha256, lock)) >= 0`),
};

/** A statement of its own: the one that lost cannot see the row it lost to. */
const READ_HOLDERS = {
  name: 'read_idempotency_holders',
  text: `SELECT asked.position::int AS position, record.lead_id, record.body_fingerprint, lead.correlation_id, lead.request_id,
                lead.received_at, inbound.body_sha256
           FROM unnest($1::text[], $2::text[], $3::bytea[]) WITH ORDINALITY AS asked (tenant_id, source_id, key_sha256, position)
           JOIN idempotency_records record USING (tenant_id, source_id, key_sha256)
           JOIN leads lead ON lead.id = record.lead_id
           JOIN inbound_requests inbound ON inbound.id = lead.inbound_request_id`,
};

interface HolderRow {
  readonly position: number;
  readonly lead_id: LeadId;
  readonly body_fingerprint: Buffer;
  readonly correlation_id: string;
  readonly request_id: string;
  readonly received_at: Date;
  readonly body_sha256: Buffer;
}

/** Equal for leads that contend for one key. */
export function keyScopeOf({ tenantId, sourceId }: InboundRequest, key: KeyClaim): string {
  return `${tenantId}\n${sourceId}\n${key.sha256.toString('hex')}`;
}

/**
 * Claims the keys of all leads that have one, in the order of the keys, whatever the order of the leads: two processes with the same keys
 * wait for each other but never in a circle. Of equal keys in one call the first claims.
 */
export async function claimKeys(client: PoolClient, claimants: readonly Claimant[]): Promise<KeyHolders> {
  const byScope = new Map<string, KeyedClaimant>();
  for (const claimant of claimants) {
    if (!isKeyed(claimant)) continue;
    const scope = keyScopeOf(claimant.inbound, claimant.item.key);
    if (!byScope.has(scope)) byScope.set(scope, claimant);
  }
  if (byScope.size === 0) return new Map();

  const claims = [...byScope].sort(([a], [b]) => (a < b ? -1 : 1));
  const claimed = await takeKeys(
    client,
    claims.map(([, claimant]) => claimant),
  );
  const holders = new Map<string, { here: KeyedClaimant } | { stored: Holder }>();
  const lost: typeof claims = [];
  for (const claim of claims) {
    const [scope, claimant] = claim;
    if (claimed.has(claimant.item.leadId)) holders.set(scope, { here: claimant });
    else lost.push(claim);
  }
  for (const [scope, holder] of await readHolders(client, lost)) {
    const claimant = byScope.get(scope);
    // Its own record: written by a flush whose outcome nobody heard of.
    const own = claimant !== undefined && claimant.item.leadId === holder.leadId;
    holders.set(scope, own ? { here: claimant } : { stored: holder });
  }
  return holders;
}

/** @returns the leads that hold their key now because of this call */
async function takeKeys(client: PoolClient, claims: readonly KeyedClaimant[]): Promise<Set<LeadId>> {
  const values: unknown[] = [
    ...scopeColumns(claims),
    claims.map(({ item }) => item.key.bodyFingerprint),
    claims.map(({ item }) => item.leadId),
    claims.map(({ item }) => item.key.ttlHours),
  ];
  const senders = senderLocks(claims);
  const { rows } =
    senders.length === 0
      ? await client.query<{ lead_id: LeadId }>({ ...CLAIM, values })
      : await client.query<{ lead_id: LeadId }>({
          ...CLAIM_WITH_SENDER_KEYS,
          values: [
            ...values,
            senders.map(({ sourceId }) => sourceId),
            senders.map(({ keySha256 }) => keySha256),
            senders.map(({ lock }) => lock.toString()),
          ],
        });
  return new Set(rows.map((row) => row.lead_id));
}

async function readHolders(client: PoolClient, lost: readonly [scope: string, KeyedClaimant][]): Promise<[scope: string, Holder][]> {
  if (lost.length === 0) return [];
  const { rows } = await client.query<HolderRow>({ ...READ_HOLDERS, values: scopeColumns(lost.map(([, claimant]) => claimant)) });
  return rows.map((row) => {
    const [scope] = lost[row.position - 1] as [string, KeyedClaimant];
    const holder: Holder = {
      leadId: row.lead_id,
      correlationId: row.correlation_id,
      requestId: row.request_id,
      receivedAt: row.received_at,
      bodyFingerprint: row.body_fingerprint,
      bodySha256: row.body_sha256,
    };
    return [scope, holder];
  });
}

interface SenderLock {
  readonly sourceId: SourceId | null;
  readonly keySha256: Buffer;
  readonly lock: bigint;
}

/** One for each sender's key, in the order of the locks, which is the same in every process. */
function senderLocks(claims: readonly KeyedClaimant[]): SenderLock[] {
  const locks = new Map<bigint, SenderLock>();
  for (const { inbound, item } of claims) {
    if (item.senderKeySha256 === null) continue;
    const lock = createHash('sha256').update(`${inbound.sourceId}\n`).update(item.senderKeySha256).digest().readBigInt64BE();
    locks.set(lock, { sourceId: inbound.sourceId, keySha256: item.senderKeySha256, lock });
  }
  return [...locks.values()].sort((a, b) => (a.lock < b.lock ? -1 : 1));
}

export function sha256(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest();
}

function isKeyed(claimant: Claimant): claimant is KeyedClaimant {
  return claimant.item.key !== null;
}

function scopeColumns(claims: readonly KeyedClaimant[]): [(string | null)[], (string | null)[], Buffer[]] {
  return [
    claims.map(({ inbound }) => inbound.tenantId),
    claims.map(({ inbound }) => inbound.sourceId),
    claims.map(({ item }) => item.key.sha256),
  ];
}
