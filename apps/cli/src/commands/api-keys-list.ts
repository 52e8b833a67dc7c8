import { listApiKeys, type ApiKeyRow } from '#access';
import type { Command } from '../command.js';
import { settingsOf, withDatabase } from '../database.js';
import { table } from '../table.js';
import { holderInWords, keyAsJson } from './api-key-words.js';

export const apiKeysList: Command = {
  name: 'api-keys list',
  summary: 'every key there was, without the keys themselves',
  async run(call) {
    const keys = await withDatabase(settingsOf(call.world), listApiKeys);
    return { exitCode: 0, text: inWords(keys), json: { keys: keys.map(keyAsJson) } };
  },
};

function inWords(keys: readonly ApiKeyRow[]): string {
  if (keys.length === 0) return 'There is no key yet. `leadgate api-keys create` makes one; the admin key is not in this list.';
  return table([
    ['id', 'scope', 'of', 'name', 'created', 'revoked'],
    ...keys.map((key) => [
      key.id,
      key.scope,
      holderInWords(key),
      key.name,
      key.createdAt.toISOString(),
      key.revokedAt?.toISOString() ?? '',
    ]),
  ]);
}
