import type { Pool } from 'pg';
import type { ConfigVersionId, ResolvedConfig, TenantConfig, TenantId } from '#core';
import { contentOf, VERSION_COLUMNS, type VersionRow } from './config-rows.js';
import { resolveContent, type ConfigContext } from './prepare-version.js';

/** Every version there is, of one tenant or of all, newest first. */
export async function listVersions(pool: Pool, tenantId?: TenantId): Promise<VersionRow[]> {
  const { rows } = await pool.query<VersionRow>(
    `SELECT ${VERSION_COLUMNS} FROM config_versions WHERE $1::text IS NULL OR tenant_id = $1 ORDER BY tenant_id, version DESC`,
    [tenantId ?? null],
  );
  return rows;
}

/** The active versions as this process would use them. */
export async function readActiveVersions(
  pool: Pool,
  context: ConfigContext,
): Promise<{ readonly row: VersionRow; readonly resolved: { config: TenantConfig } | { problems: readonly string[] } }[]> {
  const { rows } = await pool.query<VersionRow>(`SELECT ${VERSION_COLUMNS} FROM config_versions WHERE active ORDER BY tenant_id`);
  return Promise.all(rows.map(async (row) => ({ row, resolved: resolveContent((await contentOf(pool, row.id)) ?? {}, context) })));
}

/** Any version, active or not, as this process would use it. @returns undefined when there is none; or what keeps it from being used here */
export async function readVersion(
  pool: Pick<Pool, 'query'>,
  id: ConfigVersionId,
  context: ConfigContext,
): Promise<ResolvedConfig | { readonly problems: readonly string[] } | undefined> {
  const { rows } = await pool.query<VersionRow>(`SELECT ${VERSION_COLUMNS} FROM config_versions WHERE id = $1`, [id]);
  const [row] = rows;
  if (row === undefined) return undefined;
  const resolved = resolveContent((await contentOf(pool, id)) ?? {}, context);
  if ('problems' in resolved) return resolved;
  const { tenantId, version, rulesetVersion, policyVersion } = row;
  return { id, tenantId, version, rulesetVersion, policyVersion, config: resolved.config };
}
