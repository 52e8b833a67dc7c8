import { resumeReplay } from '#replay';
import { type Command, CommandProblem } from '../command.js';
import { settingsOf, withDatabase } from '../database.js';
import { follow, known, replayIdOf, reportOf } from '../replays.js';

export const replayResume: Command = {
  name: 'replay resume',
  summary: 'a cancelled replay goes on where it stopped',
  arguments: [{ name: 'ID', summary: 'of the replay', required: true }],
  options: { follow: { summary: 'stay until it is over' } },
  async run(call) {
    const id = replayIdOf(call.argument('ID'));
    return withDatabase(settingsOf(call.world), async (pool) => {
      const replay = known(await resumeReplay(pool, id, { tenantId: null, actor: 'cli' }), id);
      if (replay.status === 'FINISHED') throw new CommandProblem('This replay is finished; everything it was about has an outcome.');
      return reportOf(call.value('follow') === undefined ? replay : await follow(pool, id, call.world));
    });
  },
};
