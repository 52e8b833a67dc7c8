import type { PoolClient } from 'pg';
import { v7 as uuidv7 } from 'uuid';
import {
  destinationIdOf,
  fetchDestinationIdOf,
  sharesPathBy,
  sourceIdOf,
  type ConfigVersionId,
  type JsonObject,
  type TenantConfig,
  type TenantId,
} from '#core';
import type { PreparedVersion } from './prepare-version.js';

/** A row of config_versions without its content. */
export interface VersionRow {
  readonly id: ConfigVersionId;
  readonly tenantId: TenantId;
  readonly version: number;
  readonly rulesetVersion: number;
  readonly policyVersion: number;
  readonly sha256: string;
  readonly origin: string;
  readonly active: boolean;
  readonly createdAt: Date;
  readonly activatedAt: Date | null;
}

export const VERSION_COLUMNS = `id, tenant_id AS "tenantId", version, ruleset_version AS "rulesetVersion", policy_version AS "policyVersion",
  content_sha256 AS sha256, origin, active, created_at AS "createdAt", activated_at AS "activatedAt"`;

/**
 * Held by every transaction that changes what is active, for its duration: two processes that see the same changed file make one
 * version, and no two tenants get one route. The number is arbitrary.
 */
const CONFIG_LOCK = 6_180_339_887;

export async function lockConfiguration(client: PoolClient): Promise<void> {
  await client.query('SELECT pg_advisory_xact_lock($1)', [CONFIG_LOCK]);
}

export async function activeVersion(client: PoolClient, tenantId: TenantId): Promise<VersionRow | undefined> {
  const { rows } = await client.query<VersionRow>(`SELECT ${VERSION_COLUMNS} FROM config_versions WHERE tenant_id = $1 AND active`, [
    tenantId,
  ]);
  return rows[0];
}

export async function lastVersionFrom(client: PoolClient, tenantId: TenantId, origin: string): Promise<VersionRow | undefined> {
  const { rows } = await client.query<VersionRow>(
    `SELECT ${VERSION_COLUMNS} FROM config_versions WHERE tenant_id = $1 AND origin = $2 ORDER BY version DESC LIMIT 1`,
    [tenantId, origin],
  );
  return rows[0];
}

/** Routes of this configuration that belong to another tenant already; those that sources share (`sharesPathBy`) belong to nobody. */
export async function routesTaken(client: PoolClient, config: TenantConfig): Promise<string[]> {
  const { rows } = await client.query<{ id: string; path: string }>(
    `SELECT id, path FROM sources
       JOIN unnest($1::text[], $2::text[]) AS wanted (path, shared_by) USING (path)
      WHERE enabled AND tenant_id <> $3 AND (sources.shared_by IS NULL OR sources.shared_by <> wanted.shared_by) ORDER BY path`,
    [config.sources.map(({ path }) => path), config.sources.map((source) => sharesPathBy(source) ?? 'nobody'), config.tenant],
  );
  return rows.map(({ id, path }) => `has a source at ${path}, and so has ${id}; a route belongs to one tenant`);
}

export async function upsertTenant(client: PoolClient, config: TenantConfig): Promise<void> {
  await client.query(
    'INSERT INTO tenants (id, name) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET name = excluded.name WHERE tenants.name <> excluded.name',
    [config.tenant, config.name],
  );
}

/**
 * Inserts the next version of the tenant, not yet active. `version` always grows; `ruleset_version` only when `rules` differs from
 * the version before, `policy_version` only when `policy` or `dedup` does. jsonb compares values, so the order of members does not count.
 */
export async function insertVersion(
  client: PoolClient,
  { tenantId, content, sha256 }: PreparedVersion,
  origin: string,
): Promise<VersionRow> {
  const { rows } = await client.query<VersionRow>(
    `INSERT INTO config_versions (id, tenant_id, version, ruleset_version, policy_version, content, content_sha256, origin)
     SELECT $1, $2, coalesce(last.version, 0) + 1,
            coalesce(last.ruleset_version + (last.content -> 'rules' IS DISTINCT FROM made.content -> 'rules')::int, 1),
            coalesce(last.policy_version + (last.content -> 'policy' IS DISTINCT FROM made.content -> 'policy'
                                         OR last.content -> 'dedup' IS DISTINCT FROM made.content -> 'dedup')::int, 1),
            made.content, $4, $5
       FROM (SELECT $3::jsonb AS content) AS made
       LEFT JOIN (SELECT * FROM config_versions WHERE tenant_id = $2 ORDER BY version DESC LIMIT 1) AS last ON true
     RETURNING ${VERSION_COLUMNS}`,
    [uuidv7(), tenantId, JSON.stringify(content), sha256, origin],
  );
  return rows[0] as VersionRow;
}

/** Makes this version the tenant's only active one, and its sources and destinations rows. */
export async function makeActive(client: PoolClient, row: Pick<VersionRow, 'id' | 'tenantId'>, config: TenantConfig): Promise<void> {
  await client.query('UPDATE config_versions SET active = false WHERE tenant_id = $1 AND active AND id <> $2', [row.tenantId, row.id]);
  await client.query('UPDATE config_versions SET active = true, activated_at = clock_timestamp() WHERE id = $1', [row.id]);
  await upsertTenant(client, config);
  await client.query('UPDATE sources SET enabled = false WHERE tenant_id = $1 AND enabled AND name <> ALL ($2)', [
    row.tenantId,
    config.sources.map(({ name }) => name),
  ]);
  await client.query(
    `INSERT INTO sources (id, tenant_id, name, kind, path, authentication, shared_by)
     SELECT id, $1, name, kind, path, authentication, shared_by
       FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[])
         AS source (id, name, kind, path, authentication, shared_by)
     ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, path = excluded.path, authentication = excluded.authentication,
                                    shared_by = excluded.shared_by, enabled = true`,
    [
      row.tenantId,
      config.sources.map(({ name }) => sourceIdOf(row.tenantId, name)),
      config.sources.map(({ name }) => name),
      config.sources.map(({ kind }) => kind),
      config.sources.map(({ path }) => path),
      config.sources.map(({ authentication }) => authentication.kind),
      config.sources.map(sharesPathBy),
    ],
  );
  const destinations = destinationRows(row.tenantId, config);
  await client.query('UPDATE destinations SET enabled = false WHERE tenant_id = $1 AND enabled AND id <> ALL ($2)', [
    row.tenantId,
    destinations.map(({ id }) => id),
  ]);
  await client.query(
    `INSERT INTO destinations (id, tenant_id, name, kind)
     SELECT id, $1, name, kind FROM unnest($2::text[], $3::text[], $4::text[]) AS destination (id, name, kind)
     ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, enabled = true`,
    [row.tenantId, destinations.map(({ id }) => id), destinations.map(({ name }) => name), destinations.map(({ kind }) => kind)],
  );
}

/** The tenant's destinations, and one for each source that fetches its leads: such a call is kept like a delivery. */
function destinationRows(tenantId: TenantId, { sources, destinations }: TenantConfig): { id: string; name: string; kind: string }[] {
  return [
    ...destinations.map(({ name, kind }) => ({ id: destinationIdOf(tenantId, name), name, kind })),
    ...sources
      .filter((source) => source.fetch !== undefined)
      .map(({ name, kind }) => ({ id: fetchDestinationIdOf(tenantId, name), name: `${name}.fetch`, kind: `${kind}_fetch` })),
  ];
}

export async function contentOf(client: Pick<PoolClient, 'query'>, id: ConfigVersionId): Promise<JsonObject | undefined> {
  const { rows } = await client.query<{ content: JsonObject }>('SELECT content FROM config_versions WHERE id = $1', [id]);
  return rows[0]?.content;
}
