import { type KeyProvider, ringStatuses, rotateKey, SHARED_RING } from '#keys';
import type { Pool, Settings } from '#platform';
import { CommandProblem, type Command, type Report, type World } from '../command.js';
import { settingsOf, withDatabase } from '../database.js';
import { ringName, withKeyProvider } from '../identity-keys.js';
import { rewritingBar } from '../rewriting-bar.js';

const LOOK_EVERY_MS = 1000;

export const keysRotate: Command = {
  name: 'keys rotate',
  summary: 'make a new key the current one; the present one stays beside it until it may go',
  notes:
    'Running gateways follow within LEADGATE_IDENTITY_KEYS_POLL_SECONDS; no restart, no duplicate is missed. With several hosts that keep identity-keys.json, ' +
    'copy the file to the others afterwards. Refused while an earlier rotation is unfinished. Where the keys are not in a file, it says what to put there.',
  options: {
    tenant: { value: 'ID', summary: "the tenant's own ring instead of the shared one" },
    watch: { summary: 'stay and show how far the blind indexes are rewritten (a gateway with role relay does that)' },
  },
  async run(call) {
    const { world } = call;
    const settings = settingsOf(world);
    const ring = call.value('tenant') ?? SHARED_RING;
    return withDatabase(settings, (pool) =>
      withKeyProvider(settings, async (provider) => {
        const report = await rotate(pool, provider, ring, settings);
        if (report.exitCode === 0 && call.value('watch') !== undefined) await watch(pool, ring, world);
        return report;
      }),
    );
  },
};

async function rotate(pool: Pool, provider: KeyProvider, ring: string, { keys }: Settings): Promise<Report> {
  const result = await rotateKey(pool, provider, ring);
  switch (result.kind) {
    case 'rotated': {
      const text =
        `${ringName(ring)}: ${result.to} is the current key, ${result.from} the previous one; written to ${provider.place}.\n` +
        `Gateways that read it follow within ${keys.pollSeconds} s. Next: leadgate keys status`;
      return { exitCode: 0, text, json: { ok: true, ...result } };
    }
    case 'by_hand': {
      const text = [
        `The keys are in ${provider.place}, where only you write. Put there, in one change:`,
        `  1. a new key as "current": {"id": "${result.suggestedId}", "secret": "<what \`openssl rand -base64 32\` prints>"}`,
        `  2. the present current key ${result.from} as the first of "previous"`,
        'Never remove the old key in the same change: processes would not recognise what they took under it.',
      ].join('\n');
      return { exitCode: 0, text, json: { ok: true, ...result } };
    }
    case 'unfinished':
      throw new CommandProblem(
        `The rotation from ${result.from} to ${result.to} is unfinished. \`leadgate keys status\` says what it waits for; it ends with \`leadgate keys retire ${result.from}\`.`,
      );
    case 'unusable':
      throw new CommandProblem(`The keys cannot be rotated:\n${result.problems.map((problem) => `  - ${problem}`).join('\n')}`);
  }
}

/** Until nothing is left to rewrite. */
async function watch(pool: Pool, ring: string, world: World): Promise<void> {
  for (;;) {
    const status = (await ringStatuses(pool)).find((one) => one.ring === ring);
    if (status === undefined) return;
    const isDone = status.leadsToRewrite === 0;
    world.complain(`\r${rewritingBar(status)}${isDone ? '\n' : ''}`);
    if (isDone) return;
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}
