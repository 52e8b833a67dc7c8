import type { JsonObject, LeadId, LeadStatus, TenantId } from '#core';
import type { Pool, PoolClient } from '#platform';
import { type ClaimHolder, claimName, type LateClaim, type LateDuplicate, type UncheckedLead } from './decide-late-checks.js';

export interface UncheckedRow {
  readonly id: LeadId;
  readonly tenantId: TenantId;
  readonly status: LeadStatus;
  readonly receivedAt: Date;
  readonly nativeId: string | null;
  readonly normalised: JsonObject | null;
  readonly hasIndex: boolean;
}

/** Whose decision is made: neither undecided nor waiting for the check itself. */
const PAST_DECIDING = `duplicate_check_skipped and status <> 'RECEIVED' and not (status = 'HELD' and hold_reason = 'index_unavailable')`;

const ANY = { name: 'any_unchecked', text: `select id from leads where ${PAST_DECIDING} order by id limit 1` };
const TRY_LOCK = `select pg_try_advisory_xact_lock(hashtextextended('leadgate check again', 0)) as mine`;
/** CONTRACTS 3: what takes longer counts as an index that does not answer. */
const LIMIT = `set local lock_timeout = '250ms'`;
const TAKE = {
  name: 'take_unchecked',
  text: `select id, tenant_id as "tenantId", status, received_at as "receivedAt", native_id as "nativeId", normalized_payload as normalised,
                identity_key_id is not null as "hasIndex"
           from leads where ${PAST_DECIDING} and (tenant_id = any($1::text[]) or status in ('REJECTED', 'ERASED'))
          order by id limit $2 for no key update skip locked`,
};
const HOLDERS = {
  name: 'holders_of_unchecked',
  text: `select claim.tenant_id as "tenantId", claim.kind, claim.fingerprint, claim.lead_id as "leadId", lead.received_at as "receivedAt", claim.claimed_at as "claimedAt",
                claim.expires_at as "expiresAt", lead.duplicate_of is null as first
           from unnest($1::text[], $2::text[], $3::bytea[]) as asked (tenant_id, kind, fingerprint)
           join identity_claims claim on claim.tenant_id = asked.tenant_id and claim.kind = asked.kind and claim.fingerprint = asked.fingerprint
           join leads lead on lead.id = claim.lead_id`,
};

/** In the order of the key, as everybody claims. Who claimed before the lead came keeps it, whatever was seen a moment ago. */
const CLAIM = {
  name: 'claim_late',
  text: `insert into identity_claims as held (tenant_id, kind, fingerprint, key_id, lead_id, claimed_at, expires_at)
         select * from unnest($1::text[], $2::text[], $3::bytea[], $4::text[], $5::uuid[], $6::timestamptz[], $7::timestamptz[])
             as late (tenant_id, kind, fingerprint, key_id, lead_id, claimed_at, expires_at)
          order by tenant_id, kind, fingerprint
         on conflict (tenant_id, kind, fingerprint) do update
            set key_id = excluded.key_id, lead_id = excluded.lead_id, claimed_at = excluded.claimed_at, expires_at = excluded.expires_at
          where excluded.claimed_at < held.claimed_at or held.expires_at <= excluded.claimed_at
      returning held.tenant_id as "tenantId", held.kind, held.fingerprint`,
};

/** Every lead is told of once: who has an earlier lead already keeps that one. */
const TELL = {
  name: 'late_duplicates',
  text: `update leads set duplicate_of = late.earlier, updated_at = clock_timestamp()
           from unnest($1::uuid[], $2::uuid[]) as late (id, earlier)
          where leads.id = late.id and leads.duplicate_of is null and leads.status <> 'RECEIVED'
      returning leads.id`,
};

const CHECKED = {
  name: 'checked_again',
  text: `update leads set duplicate_check_skipped = false, updated_at = clock_timestamp() where id = any($1::uuid[])`,
};
const INDEX = {
  name: 'index_checked_again',
  text: `update leads set email_fingerprint = fresh.email, phone_fingerprint = fresh.phone, identity_key_id = fresh.key_id
           from unnest($1::uuid[], $2::bytea[], $3::bytea[], $4::text[]) as fresh (id, email, phone, key_id)
          where leads.id = fresh.id and leads.identity_key_id is null`,
};

/** The statements of CheckAgain; all but `any` in one transaction. */
export const lateChecks = {
  /** Reads an index that is empty in ordinary times. */
  any: async (pool: Pool): Promise<boolean> => (await pool.query(ANY)).rows.length > 0,

  /** Oldest first, locked; of tenants that can be checked, and those that need no check. @returns none while another process is at it */
  take: async (client: PoolClient, checkable: readonly TenantId[], limit: number): Promise<UncheckedRow[]> => {
    const { rows } = await client.query<{ mine: boolean }>(TRY_LOCK);
    if (rows[0]?.mine !== true) return [];
    await client.query(LIMIT);
    return (await client.query<UncheckedRow>({ ...TAKE, values: [checkable, limit] })).rows;
  },

  holders: async (client: PoolClient, leads: readonly UncheckedLead[]): Promise<Map<string, ClaimHolder>> => {
    if (leads.length === 0) return new Map();
    const asked = leads.flatMap(({ tenantId, fingerprints }) => fingerprints.map((fingerprint) => ({ tenantId, ...fingerprint })));
    const { rows } = await client.query<ClaimHolder & { tenantId: TenantId; kind: 'email'; fingerprint: Buffer }>({
      ...HOLDERS,
      values: [asked.map(({ tenantId }) => tenantId), asked.map(({ kind }) => kind), asked.map(({ value }) => value)],
    });
    return new Map(rows.map(({ tenantId, kind, fingerprint, ...holder }) => [claimName(tenantId, { kind, value: fingerprint }), holder]));
  },

  /** @returns the leads that met a claim which was not there when the holders were read */
  claim: async (client: PoolClient, claims: readonly LateClaim[]): Promise<Set<LeadId>> => {
    if (claims.length === 0) return new Set();
    const { rows } = await client.query<{ tenantId: TenantId; kind: 'email'; fingerprint: Buffer }>({
      ...CLAIM,
      values: [
        claims.map(({ lead }) => lead.tenantId),
        claims.map(({ fingerprint }) => fingerprint.kind),
        claims.map(({ fingerprint }) => fingerprint.value),
        claims.map(({ fingerprint }) => fingerprint.keyId),
        claims.map(({ lead }) => lead.id),
        claims.map(({ lead }) => lead.receivedAt),
        claims.map(({ expiresAt }) => expiresAt),
      ],
    });
    const won = new Set(rows.map(({ tenantId, kind, fingerprint }) => claimName(tenantId, { kind, value: fingerprint })));
    const lost = claims.filter(({ lead, fingerprint }) => !won.has(claimName(lead.tenantId, fingerprint)));
    return new Set(lost.map(({ lead }) => lead.id));
  },

  /** @returns those that nobody had been told of */
  tell: async (client: PoolClient, duplicates: readonly LateDuplicate[]): Promise<Set<LeadId>> => {
    if (duplicates.length === 0) return new Set();
    const values = [duplicates.map(({ leadId }) => leadId), duplicates.map(({ earlier }) => earlier.leadId)];
    return new Set((await client.query<{ id: LeadId }>({ ...TELL, values })).rows.map(({ id }) => id));
  },

  checked: async (client: PoolClient, ids: readonly LeadId[]): Promise<void> => {
    if (ids.length > 0) await client.query({ ...CHECKED, values: [ids] });
  },

  /** For leads that were decided without a key, so that they are found by their e-mail and phone. */
  index: async (client: PoolClient, leads: readonly UncheckedLead[], searched: readonly UncheckedLead['fingerprints'][]): Promise<void> => {
    if (leads.length === 0) return;
    const under = (kind: 'email' | 'phone') => searched.map((all) => all.find((one) => one.kind === kind && one.current)?.value ?? null);
    const keyIds = searched.map((all) => all.find((one) => one.current)?.keyId ?? null);
    await client.query({ ...INDEX, values: [leads.map(({ id }) => id), under('email'), under('phone'), keyIds] });
  },
};
