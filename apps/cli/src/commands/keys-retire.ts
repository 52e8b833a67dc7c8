import { removeRetiredKeys, retireKey } from '#keys';
import type { Command } from '../command.js';
import { settingsOf, withDatabase } from '../database.js';
import { withKeyProvider } from '../identity-keys.js';

/** Rounds after which every process has seen that the key is retired; until then the others go on claiming under it. */
const ROUNDS = 2;

export const keysRetire: Command = {
  name: 'keys retire',
  summary: 'take an older key out of use, if nothing needs it any more',
  notes:
    'Refused until the largest duplicate window of any tenant has passed since the newer key was activated, every blind index is rewritten, and no identity is ' +
    'known under the older key only; it says which of these is missing. A process that has only the retired key makes no duplicate checks from then on.',
  arguments: [{ name: 'KEY', summary: 'the id of a key from `leadgate keys status`', required: true }],
  options: {
    lost: {
      summary:
        'the key is gone and nobody has a copy: do not wait. Duplicates of leads known only under it are missed until those are rewritten',
    },
  },
  async run(call) {
    const settings = settingsOf(call.world);
    const keyId = call.argument('KEY');
    const lost = call.value('lost') !== undefined;
    return withDatabase(settings, async (pool) => {
      const { retired, missing } = await retireKey(pool, keyId, { lost });
      if (!retired) {
        const text = `The key ${keyId} cannot be retired:\n${missing.map((one) => `  - ${one}`).join('\n')}`;
        return { exitCode: 1, text, json: { ok: false, key: keyId, missing } };
      }
      const removed = lost
        ? []
        : await withKeyProvider(settings, async (provider) => {
            if (provider.replace === undefined) return [];
            await new Promise((resolve) => setTimeout(resolve, ROUNDS * settings.keys.pollSeconds * 1000));
            return removeRetiredKeys(pool, provider);
          });
      const next = lost
        ? 'Gateways with another key register it within a few seconds.'
        : removed.includes(keyId)
          ? 'It was removed from identity-keys.json here; remove it from the file on other hosts as well.'
          : 'Remove it from "previous" where the keys are kept.';
      return { exitCode: 0, text: `The key ${keyId} is retired. ${next}`, json: { ok: true, key: keyId, removed } };
    });
  },
};
