import type { TenantId } from '#core';
import { readShadowFigures, type ShadowFigures } from '#policy';
import type { Command } from '../command.js';
import { settingsOf, withDatabase } from '../database.js';

export const policyShadow: Command = {
  name: 'policy shadow',
  summary: 'how often the shadow policy would have decided otherwise, by both decisions',
  notes:
    'A shadow (policy.shadow in the tenant’s file) judges a sample of the decided leads and changes none. To switch to it, write its members into policy and apply the file.\n' +
    'Counts reach the database within a second or two, and belong to the version of the policy that decided.',
  arguments: [{ name: 'TENANT', summary: 'whose policy', required: true }],
  async run(call) {
    const tenant = call.argument('TENANT') as TenantId;
    const figures = await withDatabase(settingsOf(call.world), (pool) => readShadowFigures(pool, tenant));
    return {
      exitCode: figures === null ? 1 : 0,
      text:
        figures === null
          ? `There is no configuration of a tenant ${tenant}. \`leadgate config list\` names those there are.`
          : inWords(tenant, figures),
      json: {
        tenant,
        policy_version: figures?.policyVersion ?? null,
        shadow: figures?.state ?? null,
        divergences: (figures?.divergences ?? []).map(({ policyVersion, active, shadow, leads, lastLeadId, lastSeenAt }) => ({
          policy_version: policyVersion,
          active,
          shadow,
          leads,
          last_lead_id: lastLeadId,
          last_seen_at: lastSeenAt,
        })),
      },
    };
  },
};

function inWords(tenant: string, { policyVersion, state, divergences }: ShadowFigures): string {
  const head =
    state === null
      ? `${tenant}: policy v${policyVersion} has no shadow.`
      : `${tenant}: the shadow of policy v${policyVersion} is ${state}.`;
  if (divergences.length === 0) return `${head} No lead was counted that it would have decided otherwise.`;
  const rows = [
    ['policy', 'decided', 'shadow', 'leads', 'the last one', 'at'],
    ...divergences.map(({ policyVersion: version, active, shadow, leads, lastLeadId, lastSeenAt }) => [
      `v${version}`,
      active,
      shadow,
      `${leads}`,
      lastLeadId ?? '',
      lastSeenAt.toISOString(),
    ]),
  ];
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return [head, ...lines].join('\n');
}
