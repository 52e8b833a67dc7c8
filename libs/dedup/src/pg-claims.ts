import type { Fingerprint, LeadId, TenantId } from '#core';
import { inTransaction, isConnectionLoss, isDataError, isRepeatable, LOCK_TIMEOUT_MS, type Pool, type PoolClient } from '#platform';

/** What one lead of a journey's transaction wants to hold. */
export interface ClaimRequest {
  readonly tenantId: TenantId;
  readonly leadId: LeadId;
  /** Of what the tenant compares, under every key of the ring. */
  readonly fingerprints: readonly Fingerprint[];
  /** From now on. */
  readonly windowHours: number;
  /** The lead is known to be a duplicate: it takes what is free, and holds nothing against anybody. */
  readonly hinted: boolean;
  /** Nobody looked for leads that went on without their check and have no claims: if there are any, the lead is to be looked up after all. */
  readonly presumed: boolean;
}

/** `lost`: leads that went on as nobody's duplicate and met another lead's claim or were not looked up enough; nothing they claimed just now is kept. */
export interface WrittenClaims {
  readonly lost: ReadonlySet<LeadId>;
  readonly fresh: readonly FreshClaim[];
}

export interface FreshClaim {
  readonly leadId: LeadId;
  readonly tenantId: TenantId;
  readonly kind: string;
  readonly fingerprint: Buffer;
}

/** The claims could not be written while the database works; the transaction is broken off. */
export class ClaimsUnavailable extends Error {
  constructor(cause: unknown) {
    super('The claims could not be written in time.', { cause });
    this.name = 'ClaimsUnavailable';
  }
}

/** Some of the claims asked for have expired and must be cleared first, outside of the transaction; see clearExpiredClaims. */
export class ClaimsExpired extends Error {
  constructor(readonly expired: readonly Omit<FreshClaim, 'leadId'>[]) {
    super('Expired claims stand in the way.');
    this.name = 'ClaimsExpired';
  }
}

/** How long a claim waits for whoever is just writing the same one. CONTRACTS 3. */
export const CLAIM_WAIT_MS = 250;
/** What a transaction begins with that writes claims (inTransaction). */
export const claimSettings = (waitMs: number): readonly string[] => [`lock_timeout = '${waitMs}ms'`];

/**
 * Inserted in the order of the key, which is that of all processes, so that two of them wait for each other in one direction only.
 * What is seen as held in the statement's snapshot is not tried; who commits meanwhile wins by the unique key, and then `holder` does not
 * name the asking lead either. Answers only about what it did not claim, in ordinary times about nothing; or about everything, where
 * somebody is presumed new ($7) while there are leads nobody looked for. Once everything is claimed, locks are waited for as long as elsewhere.
 */
const CLAIM = {
  name: 'write_claims',
  text: `with asked as materialized (
           select * from unnest($1::text[], $2::text[], $3::bytea[], $4::text[], $5::uuid[], $6::float8[]) with ordinality
             as asked (tenant_id, kind, fingerprint, key_id, lead_id, window_hours, position)),
         moment as materialized (select clock_timestamp() as now),
         held as materialized (
           select asked.position, holder.lead_id, holder.expires_at <= moment.now as expired
             from asked cross join moment cross join lateral (
                  select claim.lead_id, claim.expires_at from identity_claims claim
                   where claim.tenant_id = asked.tenant_id and claim.kind = asked.kind and claim.fingerprint = asked.fingerprint limit 1) holder),
         claimed as (
           insert into identity_claims (tenant_id, kind, fingerprint, key_id, lead_id, claimed_at, expires_at)
           select tenant_id, kind, fingerprint, key_id, lead_id, now, now + make_interval(secs => window_hours * 3600)
             from asked cross join moment
            where position not in (select position from held)
            order by position
           on conflict (tenant_id, kind, fingerprint) do nothing
           returning tenant_id, kind, fingerprint, lead_id),
         ended as materialized (select set_config('lock_timeout', '${LOCK_TIMEOUT_MS}', true) as limited from (select count(*) from claimed) every_claim),
         answer as materialized (
           select position, (tenant_id, kind, fingerprint, lead_id) in (select tenant_id, kind, fingerprint, lead_id from claimed) as claimed from asked),
         seen as materialized (
           select $7 and (select id from leads where duplicate_check_skipped order by id limit 1) is not null as unchecked from ended)
         select answer.position::int - 1 as position, answer.claimed, held.lead_id as holder, coalesce(held.expired, false) as expired, seen.unchecked
           from seen cross join answer left join held on held.position = answer.position
          where seen.unchecked or not answer.claimed`,
};

const UNDO = {
  name: 'undo_claims',
  text: `delete from identity_claims claim using unnest($1::text[], $2::text[], $3::bytea[], $4::uuid[]) as fresh (tenant_id, kind, fingerprint, lead_id)
          where claim.tenant_id = fresh.tenant_id and claim.kind = fresh.kind and claim.fingerprint = fresh.fingerprint and claim.lead_id = fresh.lead_id`,
};

const CLEAR = `
  delete from identity_claims claim
   using (select held.tenant_id, held.kind, held.fingerprint
            from unnest($1::text[], $2::text[], $3::bytea[]) as asked (tenant_id, kind, fingerprint)
            join identity_claims held using (tenant_id, kind, fingerprint)
           where held.expires_at <= clock_timestamp()
           order by held.tenant_id, held.kind, held.fingerprint for update of held) expired
   where claim.tenant_id = expired.tenant_id and claim.kind = expired.kind and claim.fingerprint = expired.fingerprint`;

interface Answer {
  readonly position: number;
  readonly claimed: boolean;
  readonly holder: LeadId | null;
  readonly expired: boolean;
  readonly unchecked: boolean;
}

/**
 * At the head of the journeys' transaction, which began with claimSettings: who claims first is decided here, by the primary key, among any
 * number of leads in any number of processes. Nothing but inserting is done, because rows that are locked in one order and inserted in
 * another end in a deadlock.
 *
 * @throws ClaimsUnavailable, ClaimsExpired; then the transaction is of no use any more. Connection loss and deadlocks as they are
 */
export async function writeClaims(client: PoolClient, requests: readonly ClaimRequest[]): Promise<WrittenClaims> {
  const asked = inKeyOrder(requests);
  if (asked.length === 0) return { lost: new Set(), fresh: [] };
  const answers = await insert(client, asked);
  const expired = answers.filter((answer) => answer.expired);
  if (expired.length > 0) throw new ClaimsExpired(expired.map(({ position }) => freshOf(at(asked, position))));
  const lost = new Set<LeadId>();
  const notClaimed = new Set<AskedClaim>();
  for (const { position, claimed, holder, unchecked } of answers) {
    const claim = at(asked, position);
    const { request } = claim;
    if (!claimed) {
      notClaimed.add(claim);
      if (holder !== request.leadId && !request.hinted) lost.add(request.leadId);
    }
    if (request.presumed && unchecked) lost.add(request.leadId);
  }
  const fresh = asked.filter((claim) => !notClaimed.has(claim)).map(freshOf);
  await undoClaims(
    client,
    fresh.filter(({ leadId }) => lost.has(leadId)),
  );
  return { lost, fresh: fresh.filter(({ leadId }) => !lost.has(leadId)) };
}

/** Takes back what this transaction has claimed. */
export async function undoClaims(client: PoolClient, fresh: readonly FreshClaim[]): Promise<void> {
  if (fresh.length > 0) await client.query({ ...UNDO, values: [...keyColumns(fresh), fresh.map(({ leadId }) => leadId)] });
}

/**
 * Removes expired claims in a transaction of its own; the next insert decides who follows. Inside the journey's transaction the row
 * locks of this would be taken in another order than the inserts.
 */
export async function clearExpiredClaims(pool: Pool, { expired }: ClaimsExpired, waitMs: number): Promise<void> {
  await inTransaction(pool, (client) => client.query(CLEAR, keyColumns(expired)), claimSettings(waitMs));
}

async function insert(client: PoolClient, asked: readonly AskedClaim[]): Promise<Answer[]> {
  try {
    const { rows } = await client.query<Answer>({
      ...CLAIM,
      values: [
        ...keyColumns(asked.map(freshOf)),
        asked.map(({ fingerprint }) => fingerprint.keyId),
        asked.map(({ request }) => request.leadId),
        asked.map(({ request }) => request.windowHours),
        asked.some(({ request }) => request.presumed),
      ],
    });
    return rows;
  } catch (error) {
    // A row's own fault shows when the batch is repeated row by row.
    const alone = new Set(asked.map(({ request }) => request.leadId)).size === 1;
    if (isConnectionLoss(error) || isRepeatable(error) || (isDataError(error) && !alone)) throw error;
    throw new ClaimsUnavailable(error);
  }
}

interface AskedClaim {
  readonly request: ClaimRequest;
  readonly fingerprint: Fingerprint;
}

/** By key, and of leads that want the same the oldest id first: within one batch it wins. */
function inKeyOrder(requests: readonly ClaimRequest[]): AskedClaim[] {
  return requests
    .flatMap((request) => request.fingerprints.map((fingerprint) => ({ request, fingerprint })))
    .map((asked) => ({
      asked,
      key: `${asked.request.tenantId}\n${asked.fingerprint.kind}\n${asked.fingerprint.value.toString('hex')}\n${asked.request.leadId}`,
    }))
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    .map(({ asked }) => asked);
}

function freshOf({ request, fingerprint }: AskedClaim): FreshClaim {
  return { leadId: request.leadId, tenantId: request.tenantId, kind: fingerprint.kind, fingerprint: fingerprint.value };
}

function at(asked: readonly AskedClaim[], position: number): AskedClaim {
  return asked[position] as AskedClaim;
}

function keyColumns(claims: readonly Omit<FreshClaim, 'leadId'>[]): [string[], string[], Buffer[]] {
  return [claims.map(({ tenantId }) => tenantId), claims.map(({ kind }) => kind), claims.map(({ fingerprint }) => fingerprint)];
}
