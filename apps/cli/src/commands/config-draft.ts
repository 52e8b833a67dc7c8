import { basename } from 'node:path';
import { appendAuditEvents } from '#audit';
import { draftFile } from '#platform';
import { CommandProblem, type Command } from '../command.js';
import { settingsOf, withDatabase } from '../database.js';
import { loadTenantFile, pathFrom } from '../tenant-files.js';
import { activationReport } from './activation-report.js';

export const configDraft: Command = {
  name: 'config draft',
  summary: "keep a tenant's file as a version without making it active, to try it with `leadgate what-if start`",
  notes:
    'No gateway takes it up. It becomes active with `leadgate what-if promote`, or `leadgate config activate`.\n' +
    'Paths of mapping files start from the folder of FILE: draft from a copy of the configuration folder. Those of file: references\n' +
    'start from the configuration folder itself (LEADGATE_CONFIG), where each gateway reads them.',
  arguments: [{ name: 'FILE', summary: 'the file of one tenant, YAML or JSON', required: true }],
  options: { tenant: { value: 'ID', summary: 'refuse the file unless it is about this tenant' } },
  async run(call) {
    const path = pathFrom(call.world, call.argument('FILE'));
    const { name, prepared, problems } = loadTenantFile(path, call.world);
    if (problems.length > 0) return activationReport({ kind: 'refused', problems }, name);
    if (prepared === undefined) throw new CommandProblem(`${name} is a mapping file. Draft the file of the tenant that refers to it.`);
    const wanted = call.value('tenant');
    if (wanted !== undefined && wanted !== prepared.tenantId)
      throw new CommandProblem(
        `${name} is about the tenant ${prepared.tenantId}, not ${wanted}. Say --tenant ${prepared.tenantId}, or draft another file.`,
      );
    const { kind, version } = await withDatabase(settingsOf(call.world), (pool) =>
      draftFile(pool, appendAuditEvents, prepared, `draft:${basename(path)}`),
    );
    const done = kind === 'drafted' ? 'is kept as a draft' : 'is this draft already';
    return {
      exitCode: 0,
      text: `Version ${version.version} of tenant ${version.tenantId} ${done}. Next: leadgate what-if start --tenant ${version.tenantId} --draft ${version.version} --from 7d`,
      json: { ok: true, result: kind, tenant: version.tenantId, version: version.version, origin: version.origin },
    };
  },
};
