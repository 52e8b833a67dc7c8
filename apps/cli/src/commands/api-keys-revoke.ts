import { revokeApiKey } from '#access';
import { CommandProblem, type Command } from '../command.js';
import { settingsOf, withDatabase } from '../database.js';
import { holderInWords, keyAsJson } from './api-key-words.js';

export const apiKeysRevoke: Command = {
  name: 'api-keys revoke',
  summary: 'let a key open nothing any more',
  notes: 'Running gateways refuse it within 5 seconds. It cannot be taken back: make another key instead.',
  arguments: [{ name: 'ID', summary: 'the id of the key, from `leadgate api-keys list`', required: true }],
  async run(call) {
    const id = call.argument('ID');
    // Somebody may paste the key itself: its id is meant, and the rest is not repeated.
    const wanted = /^lg_([0-9a-f]{16})_/.exec(id)?.[1] ?? id;
    const revoked = await withDatabase(settingsOf(call.world), (pool) => revokeApiKey(pool, { id: wanted, actor: 'cli' }));
    if (revoked === undefined) throw new CommandProblem('No key has this id. `leadgate api-keys list` names them.');
    const { row, already } = revoked;
    const sentence = already ? 'was revoked before; nothing was changed' : 'is revoked; running gateways refuse it within 5 seconds';
    return {
      exitCode: 0,
      text: `Key ${row.id} (${row.scope} ${holderInWords(row)}: ${row.name}) ${sentence}.`,
      json: { ok: true, already, ...keyAsJson(row) },
    };
  },
};
