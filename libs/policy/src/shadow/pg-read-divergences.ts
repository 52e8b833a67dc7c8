import type { Decision, LeadId, SHADOW_STATES, TenantId } from '#core';
import type { Pool } from '#platform';

export interface StoredDivergence {
  readonly policyVersion: number;
  readonly active: Decision;
  readonly shadow: Decision;
  readonly leads: number;
  /** One to look at; null when it was erased. */
  readonly lastLeadId: LeadId | null;
  readonly lastSeenAt: Date;
}

export interface ShadowFigures {
  /** Of the active version of the configuration. */
  readonly policyVersion: number;
  /** null: the active policy has no shadow. */
  readonly state: (typeof SHADOW_STATES)[number] | null;
  /** Newest policy version first, then the most frequent. */
  readonly divergences: readonly StoredDivergence[];
}

/** @returns null when the tenant has no active configuration */
export async function readShadowFigures(pool: Pool, tenantId: TenantId): Promise<ShadowFigures | null> {
  const { rows: versions } = await pool.query<Pick<ShadowFigures, 'policyVersion' | 'state'>>(
    `select policy_version as "policyVersion", content #>> '{policy,shadow,state}' as state
       from config_versions where tenant_id = $1 and active`,
    [tenantId],
  );
  const [version] = versions;
  if (version === undefined) return null;
  const { rows: divergences } = await pool.query<StoredDivergence>(
    `select policy_version as "policyVersion", active_decision as active, shadow_decision as shadow, leads::float8 as leads,
            last_lead_id as "lastLeadId", last_seen_at as "lastSeenAt"
       from policy_divergences where tenant_id = $1
      order by policy_version desc, leads desc, active_decision, shadow_decision`,
    [tenantId],
  );
  return { ...version, divergences };
}
