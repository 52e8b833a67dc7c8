import { cancelReplay } from '#replay';
import { type Command, CommandProblem } from '../command.js';
import { settingsOf, withDatabase } from '../database.js';
import { known, replayIdOf, reportOf } from '../replays.js';

export const replayCancel: Command = {
  name: 'replay cancel',
  summary: 'stop a replay: nothing more is taken up by it; it may be resumed',
  arguments: [{ name: 'ID', summary: 'of the replay', required: true }],
  async run(call) {
    const id = replayIdOf(call.argument('ID'));
    const replay = known(
      await withDatabase(settingsOf(call.world), (pool) => cancelReplay(pool, id, { tenantId: null, actor: 'cli' })),
      id,
    );
    if (replay.status === 'FINISHED') throw new CommandProblem('This replay is finished; everything it was about has an outcome.');
    return reportOf(replay);
  },
};
