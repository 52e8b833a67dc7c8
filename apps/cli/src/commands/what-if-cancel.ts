import { whatIfAnswer } from '#what-if';
import type { Command } from '../command.js';
import { findWhatIf, withWhatIfs } from '../what-ifs.js';

export const whatIfCancel: Command = {
  name: 'what-if cancel',
  summary: 'end a what-if after the step in hand; what it found until then stays',
  arguments: [{ name: 'ID', summary: 'of the what-if', required: true }],
  async run(call) {
    return withWhatIfs(call.world, async (whatIfs) => {
      const run = await findWhatIf(whatIfs, call.argument('ID'));
      const result = await whatIfs.cancel('every_tenant', run.id, 'cli');
      const done = result?.kind === 'cancelled';
      const after = result?.whatIf ?? run;
      return {
        exitCode: done ? 0 : 1,
        text: done
          ? `What-if ${run.id} is cancelled after ${after.done} of ${after.total} leads.`
          : `It has ended already: ${after.status}. Nothing was changed.`,
        json: { ok: done, ...whatIfAnswer(after) },
      };
    });
  },
};
