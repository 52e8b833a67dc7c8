import { runCli } from '../../apps/cli/src/cli.js';
import { COMMANDS } from '../../apps/cli/src/commands.js';
import { PROJECT_ROOT } from './child-process.js';

export interface Answer {
  readonly code: 0 | 1 | 2;
  readonly said: string;
  readonly complained: string;
}

/** `leadgate` with this environment, called from this folder. */
export async function leadgate(words: readonly string[], env: Record<string, string>, folder = PROJECT_ROOT): Promise<Answer> {
  let [said, complained] = ['', ''];
  const code = await runCli(words, COMMANDS, {
    env,
    folder,
    projectRoot: PROJECT_ROOT,
    write: (text) => (said += text),
    complain: (text) => (complained += text),
  });
  return { code, said, complained };
}
