import type { TenantId } from '#core';
import { listVersions, type VersionRow } from '#platform';
import type { Command } from '../command.js';
import { settingsOf, withDatabase } from '../database.js';
import { table } from '../table.js';

export const configList: Command = {
  name: 'config list',
  summary: 'every version of the configuration, newest first; the active one is marked',
  arguments: [{ name: 'TENANT', summary: 'only the versions of this tenant', required: false }],
  async run(call) {
    const tenant = call.optionalArgument('TENANT') as TenantId | undefined;
    const versions = await withDatabase(settingsOf(call.world), (pool) => listVersions(pool, tenant));
    const unknown = tenant !== undefined && versions.length === 0;
    return {
      exitCode: unknown ? 1 : 0,
      text: unknown ? `There is no configuration of a tenant ${tenant}.` : inWords(versions),
      json: { versions: versions.map(asJson) },
    };
  },
};

function inWords(versions: readonly VersionRow[]): string {
  if (versions.length === 0)
    return 'There is no configuration yet. A gateway imports the files of the configuration folder when it starts.';
  return table([
    ['tenant', 'version', '', 'rules', 'policy', 'from', 'active since'],
    ...versions.map(({ tenantId, version, active, rulesetVersion, policyVersion, origin, activatedAt }) => [
      tenantId,
      `${version}`,
      active ? 'active' : '',
      `v${rulesetVersion}`,
      `v${policyVersion}`,
      origin,
      active ? (activatedAt?.toISOString() ?? '') : '',
    ]),
  ]);
}

function asJson({
  id,
  tenantId,
  version,
  rulesetVersion,
  policyVersion,
  sha256,
  origin,
  active,
  createdAt,
  activatedAt,
}: VersionRow): object {
  return {
    id,
    tenant: tenantId,
    version,
    ruleset_version: rulesetVersion,
    policy_version: policyVersion,
    active,
    origin,
    content_sha256: sha256,
    created_at: createdAt,
    activated_at: activatedAt,
  };
}
