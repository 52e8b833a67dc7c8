import type { Pool, PoolClient } from 'pg';
import type { JsonObject, TenantId } from '#core';
import { inTransaction } from '../postgres/transaction.js';
import {
  activeVersion,
  contentOf,
  insertVersion,
  lastVersionFrom,
  lockConfiguration,
  makeActive,
  routesTaken,
  upsertTenant,
  VERSION_COLUMNS,
  type VersionRow,
} from './config-rows.js';
import { resolveContent, type ConfigContext, type PreparedVersion } from './prepare-version.js';

/** `config`: the gateway found a new file. `cli`: a person at the command line. `operator`, `key:…`: through the API. */
export type ActivationActor = 'config' | 'cli' | 'operator' | `key:${string}`;

export interface ActivationEvent {
  readonly tenantId: TenantId;
  readonly type: 'config.activated' | 'config.drafted';
  readonly actor: ActivationActor;
  readonly from: string | null;
  readonly to: string;
  readonly detail: JsonObject;
}

/** Writes audit events in the caller's transaction; `appendAuditEvents` of the audit library is one. */
export type AppendActivation = (client: PoolClient, events: readonly ActivationEvent[]) => Promise<void>;

export type ActivationResult =
  | { readonly kind: 'activated'; readonly version: VersionRow }
  | { readonly kind: 'unchanged'; readonly version: VersionRow }
  | { readonly kind: 'refused'; readonly problems: readonly string[] };

/**
 * Makes a version of a file of the configuration folder and activates it, if the content differs from the last version that came from
 * that same file. Comparing with that one, and not with the active one, is what lets a restart leave a roll-back alone.
 */
export function importFile(pool: Pool, append: AppendActivation, prepared: PreparedVersion, origin: string): Promise<ActivationResult> {
  return inTransaction(pool, async (client) => {
    await lockConfiguration(client);
    const last = await lastVersionFrom(client, prepared.tenantId, origin);
    if (last?.sha256 === prepared.sha256) return { kind: 'unchanged', version: last };
    return addAndActivate(client, append, prepared, origin, 'config');
  });
}

/** Makes a version of a file because a person says so: unless exactly this, from this origin, is active already. */
export function applyFile(pool: Pool, append: AppendActivation, prepared: PreparedVersion, origin: string): Promise<ActivationResult> {
  return inTransaction(pool, async (client) => {
    await lockConfiguration(client);
    const active = await activeVersion(client, prepared.tenantId);
    if (active?.sha256 === prepared.sha256 && active.origin === origin) return { kind: 'unchanged', version: active };
    return addAndActivate(client, append, prepared, origin, 'cli');
  });
}

/** Keeps a version without activating it: no process takes it up. The same content from the same origin, last time, is kept once. */
export function draftFile(
  pool: Pool,
  append: AppendActivation,
  prepared: PreparedVersion,
  origin: string,
): Promise<{ readonly kind: 'drafted' | 'unchanged'; readonly version: VersionRow }> {
  return inTransaction(pool, async (client) => {
    await lockConfiguration(client);
    const last = await lastVersionFrom(client, prepared.tenantId, origin);
    if (last?.sha256 === prepared.sha256) return { kind: 'unchanged', version: last };
    await upsertTenant(client, prepared.config);
    const version = await insertVersion(client, prepared, origin);
    await append(client, [{ ...eventOf(version, undefined, 'cli'), type: 'config.drafted' }]);
    return { kind: 'drafted', version };
  });
}

export interface ActivationTerms {
  /** `cli` unless told. */
  readonly actor?: ActivationActor;
  /** What else the audit event says. */
  readonly detail?: JsonObject;
  /** Asked under the lock, with the version that is active until now. @returns why it may not be followed by this one; empty: it may */
  readonly allow?: (client: PoolClient, active: VersionRow | undefined) => Promise<readonly string[]>;
}

/** Goes back (or forth) to a version that exists. Its references must resolve here, so that it is known to be usable. */
export function activateVersion(
  pool: Pool,
  append: AppendActivation,
  tenantId: TenantId,
  version: number,
  context: ConfigContext,
  { actor = 'cli', detail = {}, allow }: ActivationTerms = {},
): Promise<ActivationResult> {
  return inTransaction(pool, async (client) => {
    await lockConfiguration(client);
    const { rows } = await client.query<VersionRow>(
      `SELECT ${VERSION_COLUMNS} FROM config_versions WHERE tenant_id = $1 AND version = $2`,
      [tenantId, version],
    );
    const [row] = rows;
    if (row === undefined) {
      return {
        kind: 'refused',
        problems: [`the tenant ${tenantId} has no version ${version}; \`leadgate config list ${tenantId}\` shows those it has`],
      };
    }
    if (row.active) return { kind: 'unchanged', version: row };
    const resolved = resolveContent((await contentOf(client, row.id)) ?? {}, context);
    if ('problems' in resolved) return { kind: 'refused', problems: resolved.problems };
    const taken = await routesTaken(client, resolved.config);
    if (taken.length > 0) return { kind: 'refused', problems: taken };
    const before = await activeVersion(client, tenantId);
    const refused = (await allow?.(client, before)) ?? [];
    if (refused.length > 0) return { kind: 'refused', problems: refused };
    await makeActive(client, row, resolved.config);
    const event = eventOf(row, before, actor);
    await append(client, [{ ...event, detail: { ...event.detail, ...detail } }]);
    return { kind: 'activated', version: { ...row, active: true } };
  });
}

async function addAndActivate(
  client: PoolClient,
  append: AppendActivation,
  prepared: PreparedVersion,
  origin: string,
  actor: ActivationActor,
): Promise<ActivationResult> {
  const taken = await routesTaken(client, prepared.config);
  if (taken.length > 0) return { kind: 'refused', problems: taken };
  const before = await activeVersion(client, prepared.tenantId);
  await upsertTenant(client, prepared.config);
  const row = await insertVersion(client, prepared, origin);
  await makeActive(client, row, prepared.config);
  await append(client, [eventOf(row, before, actor)]);
  return { kind: 'activated', version: { ...row, active: true } };
}

function eventOf(row: VersionRow, before: VersionRow | undefined, actor: ActivationActor): ActivationEvent {
  return {
    tenantId: row.tenantId,
    type: 'config.activated',
    actor,
    from: before === undefined ? null : `v${before.version}`,
    to: `v${row.version}`,
    detail: { config_version_id: row.id, origin: row.origin, ruleset_version: row.rulesetVersion, policy_version: row.policyVersion },
  };
}
