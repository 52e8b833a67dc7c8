import { appendAuditEvents } from '#audit';
import type { TenantId } from '#core';
import { activateVersion, configFolderOf, ReadFiles } from '#platform';
import { UsageProblem, type Command } from '../command.js';
import { settingsOf, withDatabase } from '../database.js';
import { configJudges } from '../tenant-files.js';
import { activationReport } from './activation-report.js';

export const configActivate: Command = {
  name: 'config activate',
  summary: 'go back (or forth) to a version that exists',
  notes: 'Running gateways follow within 2 seconds. It stays active until a file of the tenant changes, also over a restart.',
  arguments: [
    { name: 'TENANT', summary: "the tenant's id, e.g. demo", required: true },
    { name: 'VERSION', summary: 'a number from `leadgate config list`, e.g. 3', required: true },
  ],
  async run(call) {
    const settings = settingsOf(call.world);
    const tenantId = call.argument('TENANT') as TenantId;
    const [, digits] = /^v?([1-9][0-9]{0,8})$/.exec(call.argument('VERSION')) ?? [];
    if (digits === undefined) throw new UsageProblem(`VERSION is a number such as 3, not "${call.argument('VERSION')}".`);
    const context = { ...configJudges(call.world), readFile: new ReadFiles(configFolderOf(settings.files.config)).read };
    return activationReport(
      await withDatabase(settings, (pool) => activateVersion(pool, appendAuditEvents, tenantId, Number(digits), context)),
    );
  },
};
