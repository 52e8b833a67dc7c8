import type { Command } from '../command.js';
import { findWhatIf, withWhatIfs } from '../what-ifs.js';
import { activationReport } from './activation-report.js';

export const whatIfPromote: Command = {
  name: 'what-if promote',
  summary: 'make the version that was tried the active one',
  notes:
    'Refused while the run is unfinished, and when another version is active than the one the draft was compared with: then nobody knows what\n' +
    'would change. Running gateways follow within 2 seconds. `leadgate config activate` goes back.',
  arguments: [{ name: 'ID', summary: 'of the what-if', required: true }],
  options: { force: { summary: 'all the same' } },
  async run(call) {
    return withWhatIfs(call.world, async (whatIfs) => {
      const run = await findWhatIf(whatIfs, call.argument('ID'));
      return activationReport(await whatIfs.promote(run, 'cli', call.value('force') !== undefined));
    });
  },
};
