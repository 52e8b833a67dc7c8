import { appendAuditEvents } from '#audit';
import { applyFile } from '#platform';
import { CommandProblem, type Command } from '../command.js';
import { settingsOf, withDatabase } from '../database.js';
import { loadTenantFile, originOfPath, pathFrom } from '../tenant-files.js';
import { activationReport } from './activation-report.js';

export const configApply: Command = {
  name: 'config apply',
  summary: "make a tenant's file the active version of its configuration",
  notes:
    'Nothing changes when the file has a problem. Running gateways follow within 2 seconds. Paths of mapping files start from the folder of FILE,\n' +
    'those of file: references from the configuration folder (LEADGATE_CONFIG), where each gateway reads them for itself.',
  arguments: [{ name: 'FILE', summary: 'the file of one tenant, YAML or JSON', required: true }],
  async run(call) {
    const settings = settingsOf(call.world);
    const path = pathFrom(call.world, call.argument('FILE'));
    const { name, prepared, problems } = loadTenantFile(path, call.world);
    if (problems.length > 0) return activationReport({ kind: 'refused', problems }, name);
    if (prepared === undefined) throw new CommandProblem(`${name} is a mapping file. Apply the file of the tenant that refers to it.`);
    return activationReport(
      await withDatabase(settings, (pool) => applyFile(pool, appendAuditEvents, prepared, originOfPath(path, settings))),
    );
  },
};
