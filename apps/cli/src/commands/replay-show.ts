import { findReplay } from '#replay';
import type { Command } from '../command.js';
import { settingsOf, withDatabase } from '../database.js';
import { follow, known, replayIdOf, reportOf } from '../replays.js';

export const replayShow: Command = {
  name: 'replay show',
  summary: 'one replay: how far it is, and what was passed over for which cause',
  arguments: [{ name: 'ID', summary: 'of the replay', required: true }],
  options: { follow: { summary: 'stay until it is over' } },
  async run(call) {
    const id = replayIdOf(call.argument('ID'));
    return withDatabase(settingsOf(call.world), async (pool) => {
      const replay = known(await findReplay(pool, id, null), id);
      return reportOf(call.value('follow') === undefined ? replay : await follow(pool, id, call.world));
    });
  },
};
