import { whatIfAnswer } from '#what-if';
import type { Command } from '../command.js';
import { table } from '../table.js';
import { withWhatIfs } from '../what-ifs.js';

const MOST_ROWS = 100;

export const whatIfList: Command = {
  name: 'what-if list',
  summary: `the last ${MOST_ROWS} what-ifs, newest first`,
  options: { tenant: { value: 'ID', summary: 'only those of this tenant' } },
  async run(call) {
    const tenant = call.value('tenant');
    const runs = await withWhatIfs(call.world, (whatIfs) =>
      whatIfs.list('every_tenant', { ...(tenant === undefined ? {} : { tenant }), limit: MOST_ROWS }),
    );
    const rows = runs.map((run) => [
      run.id,
      run.tenantId,
      `v${run.draftVersion}`,
      `v${run.comparedVersion}`,
      run.promotedAt === null ? run.status : `${run.status}, promoted`,
      `${run.done}/${run.total}`,
      `${run.summary.changed}`,
    ]);
    return {
      exitCode: 0,
      text:
        runs.length === 0
          ? 'There is no what-if. `leadgate what-if start` begins one.'
          : table([['id', 'tenant', 'draft', 'against', 'status', 'leads', 'changed'], ...rows]),
      json: { what_ifs: runs.map(whatIfAnswer) },
    };
  },
};
