import type { Pool, PoolClient } from '#platform';
import { readRegistry } from '../pg-key-registry.js';
import { liveKeys, type RegisteredKey, SHARED_RING } from '../registered-key.js';

/** An older key of a ring, and what keeps it from being retired. */
export interface OlderKey {
  readonly keyId: string;
  readonly activatedAt: Date;
  /** When the duplicate window has passed since the next key was activated. */
  readonly windowPassedAt: Date;
  readonly windowPassed: boolean;
  /** Leads whose blind index is still made with it. */
  readonly leadsToRewrite: number;
  /** Claims that have not expired and that no newer key of the ring knows. */
  readonly claimsOnlyHere: number;
}

/** A ring as the registry has it. */
export interface RingStatus {
  /** The tenant, or '' for the shared ring. */
  readonly ring: string;
  readonly current: RegisteredKey;
  /** Live keys before the current one, oldest first. More than none: a rotation is unfinished. */
  readonly older: readonly OlderKey[];
  /** Leads of the ring's tenants with a blind index, under whatever key. */
  readonly leads: number;
  /** Those of them that are not yet under the current one. */
  readonly leadsToRewrite: number;
}

/** The largest of any tenant: a claim may count for so long. */
const WINDOW = `select coalesce(max((content->'dedup'->>'window_hours')::int), 0)::int as hours from config_versions where active`;
/** $1: the tenant or '' for all without a ring of their own ($2: those that have one). */
const OF_RING = `(case when $1 = '' then tenant_id <> all($2::text[]) else tenant_id = $1 end)`;
const LEADS = `select count(*)::int as count from leads where identity_key_id is not null and ${OF_RING}`;
const LEADS_NOT_UNDER = `${LEADS} and identity_key_id <> $3`;
const LEADS_UNDER = `${LEADS} and identity_key_id = $3`;
const CLAIMS_ONLY_UNDER = `
  select count(*)::int as count from identity_claims older
   where key_id = $3 and expires_at > clock_timestamp() and ${OF_RING}
     and not exists (select from identity_claims newer
                      where newer.tenant_id = older.tenant_id and newer.kind = older.kind and newer.lead_id = older.lead_id
                        and newer.key_id = any($4::text[]))`;

export async function ringStatuses(connection: Pool | PoolClient): Promise<RingStatus[]> {
  const registered = await readRegistry(connection);
  const rings = [...new Set(registered.map(({ ring }) => ring))].sort();
  const withOwnRing = rings.filter((ring) => ring !== SHARED_RING && liveKeys(registered, ring).length > 0);
  const { rows: window } = await connection.query<{ hours: number }>(WINDOW);
  const statuses: RingStatus[] = [];
  for (const ring of rings) {
    const live = liveKeys(registered, ring);
    const current = live.at(-1);
    if (current === undefined) continue;
    const count = async (sql: string, ...more: unknown[]): Promise<number> =>
      (await connection.query<{ count: number }>(sql, [ring, withOwnRing, ...more])).rows[0]?.count ?? 0;
    const { rows: clock } = await connection.query<{ now: Date }>('select clock_timestamp() as now');
    const older: OlderKey[] = [];
    for (const [index, { keyId, activatedAt }] of live.slice(0, -1).entries()) {
      const newer = live.slice(index + 1);
      const windowPassedAt = new Date((newer[0] ?? current).activatedAt.getTime() + (window[0]?.hours ?? 0) * 3_600_000);
      older.push({
        keyId,
        activatedAt,
        windowPassedAt,
        windowPassed: windowPassedAt <= (clock[0]?.now ?? new Date(0)),
        leadsToRewrite: await count(LEADS_UNDER, keyId),
        claimsOnlyHere: await count(
          CLAIMS_ONLY_UNDER,
          keyId,
          newer.map((key) => key.keyId),
        ),
      });
    }
    statuses.push({ ring, current, older, leads: await count(LEADS), leadsToRewrite: await count(LEADS_NOT_UNDER, current.keyId) });
  }
  return statuses;
}
