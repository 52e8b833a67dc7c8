import { InvalidConnectionString, InvalidSettings } from '#platform';
import { CommandProblem, UsageProblem, type Command, type World } from './command.js';
import { readCommandLine } from './command-line.js';
import { renderHelp } from './help.js';

/** Errors whose message is written for the person at the terminal. */
const CLEAR_ERRORS = [CommandProblem, InvalidSettings, InvalidConnectionString];

/** Runs one command line and says what came of it. @returns the exit code, as `leadgate --help` documents it */
export async function runCli(words: readonly string[], commands: readonly Command[], world: World): Promise<0 | 1 | 2> {
  const wantsJson = words.includes('--json');
  try {
    const asked = readCommandLine(words, commands, world);
    if (asked.kind === 'help') {
      const help = renderHelp(asked.topic, commands);
      if (help === undefined) throw new UsageProblem(`There is no command "${asked.topic.join(' ')}". \`leadgate --help\` lists them.`);
      world.write(help);
      return 0;
    }
    const report = await asked.command.run(asked.call);
    world.write(asked.json ? `${JSON.stringify(report.json, null, 2)}\n` : ended(report.text));
    return report.exitCode;
  } catch (error) {
    if (error instanceof UsageProblem) {
      if (wantsJson) world.write(`${JSON.stringify({ error: error.message }, null, 2)}\n`);
      world.complain(`${error.message}\n`);
      return 2;
    }
    const clear = CLEAR_ERRORS.find((kind) => error instanceof kind) !== undefined;
    const message = error instanceof Error ? error.message : String(error);
    if (wantsJson) world.write(`${JSON.stringify({ error: message }, null, 2)}\n`);
    world.complain(ended(clear || !(error instanceof Error) ? message : (error.stack ?? message)));
    return 1;
  }
}

function ended(text: string): string {
  return text.endsWith('\n') ? text : `${text}\n`;
}
