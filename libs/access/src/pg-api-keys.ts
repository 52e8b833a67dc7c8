import { appendAuditEvents, type AuditActor } from '#audit';
import type { SourceId, TenantId } from '#core';
import { inTransaction, type Pool, type PoolClient } from '#platform';
import { newApiKey, sha256Of, writeApiKey } from './api-key-text.js';

export const KEY_SCOPES = ['source', 'tenant', 'operator'] as const;
export type KeyScope = (typeof KEY_SCOPES)[number];

/** Whom a key speaks for. */
export type KeyHolder =
  | { readonly scope: 'source'; readonly tenantId: TenantId; readonly sourceId: SourceId }
  | { readonly scope: 'tenant'; readonly tenantId: TenantId }
  | { readonly scope: 'operator' };

/** A row of api_keys without its hash. */
export interface ApiKeyRow {
  readonly id: string;
  readonly scope: KeyScope;
  readonly tenantId: TenantId | null;
  readonly sourceId: SourceId | null;
  readonly name: string;
  readonly createdAt: Date;
  readonly revokedAt: Date | null;
}

/** A key that is in force, as a process follows it. */
export interface LiveKey {
  readonly id: string;
  readonly scope: KeyScope;
  readonly tenantId: TenantId | null;
  readonly sourceId: SourceId | null;
  readonly secretSha256: Buffer;
}

/** Where events are kept that belong to no tenant; no tenant can have this id. */
export const OPERATORS_TRAIL = '*' as TenantId;

const COLUMNS = `id, scope, tenant_id AS "tenantId", source_id AS "sourceId", name, created_at AS "createdAt", revoked_at AS "revokedAt"`;

/** @returns the row, and the text of the key: the only time it exists outside of its holder's hands */
export async function createApiKey(
  pool: Pool,
  { holder, name, actor }: { readonly holder: KeyHolder; readonly name: string; readonly actor: AuditActor },
): Promise<{ readonly row: ApiKeyRow; readonly key: string }> {
  const made = newApiKey();
  const tenantId = holder.scope === 'operator' ? null : holder.tenantId;
  const sourceId = holder.scope === 'source' ? holder.sourceId : null;
  const row = await inTransaction(pool, async (client) => {
    const { rows } = await client.query<ApiKeyRow>(
      `INSERT INTO api_keys (id, scope, tenant_id, source_id, name, secret_sha256) VALUES ($1, $2, $3, $4, $5, $6) RETURNING ${COLUMNS}`,
      [made.id, holder.scope, tenantId, sourceId, name, sha256Of(made.secret)],
    );
    const inserted = rows[0] as ApiKeyRow;
    await note(client, 'key.created', inserted, actor);
    return inserted;
  });
  return { row, key: writeApiKey(made) };
}

/** Revoking twice keeps the first moment. @returns undefined when no key has this id */
export async function revokeApiKey(
  pool: Pool,
  { id, actor }: { readonly id: string; readonly actor: AuditActor },
): Promise<{ readonly row: ApiKeyRow; readonly already: boolean } | undefined> {
  return inTransaction(pool, async (client) => {
    const before = (await client.query<ApiKeyRow>(`SELECT ${COLUMNS} FROM api_keys WHERE id = $1 FOR UPDATE`, [id])).rows[0];
    if (before === undefined) return undefined;
    if (before.revokedAt !== null) return { row: before, already: true };
    const { rows } = await client.query<ApiKeyRow>(
      `UPDATE api_keys SET revoked_at = clock_timestamp() WHERE id = $1 RETURNING ${COLUMNS}`,
      [id],
    );
    const row = rows[0] as ApiKeyRow;
    await note(client, 'key.revoked', row, actor);
    return { row, already: false };
  });
}

/** In the order in which they were made. */
export async function listApiKeys(pool: Pool): Promise<ApiKeyRow[]> {
  return (await pool.query<ApiKeyRow>(`SELECT ${COLUMNS} FROM api_keys ORDER BY created_at, id`)).rows;
}

export async function liveKeys(pool: Pool): Promise<LiveKey[]> {
  const { rows } = await pool.query<LiveKey>({
    name: 'live_api_keys',
    text: `SELECT id, scope, tenant_id AS "tenantId", source_id AS "sourceId", secret_sha256 AS "secretSha256"
             FROM api_keys WHERE revoked_at IS NULL`,
  });
  return rows;
}

/** The name is left out: a person chose it, and the trail outlives everything. */
async function note(client: PoolClient, type: 'key.created' | 'key.revoked', row: ApiKeyRow, actor: AuditActor): Promise<void> {
  const detail = { key_id: row.id, scope: row.scope, ...(row.sourceId === null ? {} : { source: row.sourceId }) };
  await appendAuditEvents(client, [{ tenantId: row.tenantId ?? OPERATORS_TRAIL, type, actor, detail }]);
}
