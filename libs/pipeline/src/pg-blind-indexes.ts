import type { TenantId } from '#core';
import { liveKeys, readRegistry, SHARED_RING } from '#keys';
import { inTransaction, type Pool } from '#platform';
import {
  BlindIndexes,
  type ClaimPlace,
  type KeyChange,
  type NewClaim,
  type NewIndex,
  type StaleClaim,
  type StaleLead,
} from './blind-indexes.port.js';

const TRY_LOCK = `select pg_try_advisory_xact_lock(hashtextextended('leadgate rewrite blind indexes', 0)) as mine`;

const STALE_LEADS = {
  name: 'stale_leads',
  text: `select lead.id, lead.tenant_id as "tenantId", lead.native_id as "nativeId", lead.identity_key_id as "keyId", lead.journey_no as "journeyNo",
                lead.normalized_payload as normalised
           from unnest($1::text[], $2::text[]) as stale (tenant_id, key_id) cross join lateral (
                select * from leads where leads.tenant_id = stale.tenant_id and leads.identity_key_id = stale.key_id order by leads.id limit $3) lead
          order by lead.id limit $3`,
};

const CLAIM_COLUMNS = `claim.tenant_id as "tenantId", claim.kind, claim.fingerprint, claim.key_id as "keyId", claim.lead_id as "leadId",
                       leads.native_id as "nativeId", leads.normalized_payload as normalised`;

const CLAIMS_OF = {
  name: 'claims_of_stale_leads',
  text: `select ${CLAIM_COLUMNS} from identity_claims claim join leads on leads.id = claim.lead_id
          where claim.lead_id = any($1::uuid[]) and claim.expires_at > clock_timestamp()`,
};

/** Claims in one step of the walk. */
const PAGE = 5000;
const END_OF_PAGE = {
  name: 'end_of_claims_page',
  text: `select tenant_id as "tenantId", kind, fingerprint from identity_claims where (tenant_id, kind, fingerprint) > ($1, $2, $3)
          order by tenant_id, kind, fingerprint offset ${PAGE - 1} limit 1`,
};
const STALE_CLAIMS = {
  name: 'stale_claims',
  text: `select ${CLAIM_COLUMNS}
           from identity_claims claim
           join unnest($1::text[], $2::text[]) as change (tenant_id, current_key_id)
             on change.tenant_id = claim.tenant_id and change.current_key_id <> claim.key_id
           join leads on leads.id = claim.lead_id
          where (claim.tenant_id, claim.kind, claim.fingerprint) > ($3, $4, $5)
            and ($6::text is null or (claim.tenant_id, claim.kind, claim.fingerprint) <= ($6, $7, $8::bytea))
            and claim.expires_at > clock_timestamp()
            and not exists (select from identity_claims under_current
                             where under_current.lead_id = claim.lead_id and under_current.tenant_id = claim.tenant_id
                               and under_current.kind = claim.kind and under_current.key_id = change.current_key_id)`,
};

/** In the order of the key, as every process claims. */
const COPY_CLAIMS = {
  name: 'copy_claims',
  text: `insert into identity_claims as present (tenant_id, kind, fingerprint, key_id, lead_id, claimed_at, expires_at)
         select distinct on (old.tenant_id, old.kind, copy.new_fingerprint)
                old.tenant_id, old.kind, copy.new_fingerprint, copy.key_id, old.lead_id, old.claimed_at, old.expires_at
           from unnest($1::text[], $2::text[], $3::bytea[], $4::bytea[], $5::text[]) as copy (tenant_id, kind, old_fingerprint, new_fingerprint, key_id)
           join identity_claims old on old.tenant_id = copy.tenant_id and old.kind = copy.kind and old.fingerprint = copy.old_fingerprint
          where old.expires_at > clock_timestamp()
          order by old.tenant_id, old.kind, copy.new_fingerprint, old.claimed_at
         on conflict (tenant_id, kind, fingerprint) do update
            set lead_id = excluded.lead_id, claimed_at = excluded.claimed_at, expires_at = excluded.expires_at
          where excluded.claimed_at < present.claimed_at or present.expires_at <= clock_timestamp()`,
};
const FOLLOW_EARLIER = {
  name: 'follow_earlier_claims',
  text: `update identity_claims old set lead_id = present.lead_id, claimed_at = present.claimed_at, expires_at = present.expires_at
           from unnest($1::text[], $2::text[], $3::bytea[], $4::bytea[]) as copy (tenant_id, kind, old_fingerprint, new_fingerprint)
           join identity_claims present on present.tenant_id = copy.tenant_id and present.kind = copy.kind and present.fingerprint = copy.new_fingerprint
          where old.tenant_id = copy.tenant_id and old.kind = copy.kind and old.fingerprint = copy.old_fingerprint
            and old.lead_id <> present.lead_id and present.claimed_at < old.claimed_at`,
};

const WRITE = {
  name: 'write_blind_indexes',
  text: `update leads set email_fingerprint = fresh.email, phone_fingerprint = fresh.phone, identity_key_id = fresh.key_id
           from (select lead.id, fresh.key_id, fresh.email, fresh.phone
                   from unnest($1::uuid[], $2::text[], $3::int[], $4::text[], $5::bytea[], $6::bytea[])
                     as fresh (id, stale_key_id, journey_no, key_id, email, phone)
                   join leads lead on lead.id = fresh.id and lead.identity_key_id = fresh.stale_key_id and lead.journey_no = fresh.journey_no
                  order by lead.id for no key update of lead skip locked) fresh
          where leads.id = fresh.id`,
};

export class PgBlindIndexes extends BlindIndexes {
  constructor(private readonly pool: Pool) {
    super();
  }

  override async changes(currentKeys: ReadonlyMap<TenantId, string>): Promise<KeyChange[]> {
    const registered = await readRegistry(this.pool);
    const keyIds = [...new Set(registered.map(({ keyId }) => keyId))];
    if (keyIds.length < 2) return [];
    return [...currentKeys].flatMap(([tenantId, currentKeyId]) => {
      const own = liveKeys(registered, tenantId);
      const newest = (own.length > 0 ? own : liveKeys(registered, SHARED_RING)).at(-1);
      // A process that has not heard of the newest key would undo the work of one that has.
      if (newest?.keyId !== currentKeyId) return [];
      const stale = registered.filter(({ keyId }) => keyId !== currentKeyId);
      const retiredAt = stale.map((row) => row.retiredAt);
      const lastRetiredAt = retiredAt.includes(null) ? null : new Date(Math.max(...retiredAt.map((at) => at?.getTime() ?? 0)));
      return [{ tenantId, currentKeyId, staleKeyIds: keyIds.filter((keyId) => keyId !== currentKeyId), lastRetiredAt }];
    });
  }

  override async alone(work: () => Promise<number>): Promise<number> {
    return inTransaction(this.pool, async (client) => {
      const { rows } = await client.query<{ mine: boolean }>(TRY_LOCK);
      return rows[0]?.mine === true ? work() : 0;
    });
  }

  override async staleLeads(changes: readonly KeyChange[], limit: number): Promise<StaleLead[]> {
    const pairs = changes.flatMap(({ tenantId, staleKeyIds }) => staleKeyIds.map((keyId) => ({ tenantId, keyId })));
    const values = [pairs.map(({ tenantId }) => tenantId), pairs.map(({ keyId }) => keyId), limit];
    return (await this.pool.query<StaleLead>({ ...STALE_LEADS, values })).rows;
  }

  override async claimsOf(leads: readonly StaleLead[]): Promise<StaleClaim[]> {
    return (await this.pool.query<StaleClaim>({ ...CLAIMS_OF, values: [leads.map(({ id }) => id)] })).rows;
  }

  override async staleClaims(changes: readonly KeyChange[], after: ClaimPlace): Promise<{ claims: StaleClaim[]; next: ClaimPlace }> {
    const from = after === null ? ['', '', Buffer.alloc(0)] : [after.tenantId, after.kind, after.fingerprint];
    const { rows: ends } = await this.pool.query<NonNullable<ClaimPlace>>({ ...END_OF_PAGE, values: from });
    const next = ends[0] ?? null;
    const upTo = next === null ? [null, null, null] : [next.tenantId, next.kind, next.fingerprint];
    const tenants = [changes.map(({ tenantId }) => tenantId), changes.map(({ currentKeyId }) => currentKeyId)];
    const { rows } = await this.pool.query<StaleClaim>({ ...STALE_CLAIMS, values: [...tenants, ...from, ...upTo] });
    return { claims: rows, next };
  }

  override async copyClaims(claims: readonly NewClaim[]): Promise<void> {
    const places = [
      claims.map(({ of }) => of.tenantId),
      claims.map(({ of }) => of.kind),
      claims.map(({ of }) => of.fingerprint),
      claims.map(({ fingerprint }) => fingerprint),
    ];
    await this.pool.query({ ...COPY_CLAIMS, values: [...places, claims.map(({ keyId }) => keyId)] });
    await this.pool.query({ ...FOLLOW_EARLIER, values: places });
  }

  override async writeIndexes(indexes: readonly NewIndex[]): Promise<number> {
    const { rowCount } = await this.pool.query({
      ...WRITE,
      values: [
        indexes.map(({ lead }) => lead.id),
        indexes.map(({ lead }) => lead.keyId),
        indexes.map(({ lead }) => lead.journeyNo),
        indexes.map(({ keyId }) => keyId),
        indexes.map(({ email }) => email),
        indexes.map(({ phone }) => phone),
      ],
    });
    return rowCount ?? 0;
  }
}
