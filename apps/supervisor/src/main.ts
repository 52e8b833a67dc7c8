// What `npm start` and the database commands run: one command per file, named by the first argument.
import { fileURLToPath } from 'node:url';
import { InvalidConnectionString, InvalidSettings, MigrationFailed, readSettings, StartProblem } from '#platform';
import type { CommandContext } from './command-context.js';
import { checkDrift } from './commands/check-drift.js';
import { migrate } from './commands/migrate.js';
import { openStudio } from './commands/open-studio.js';
import { printUrl } from './commands/print-url.js';
import { runSecondGateway } from './commands/run-second-gateway.js';
import { start } from './commands/start.js';
import { say } from './say.js';

const COMMANDS: Readonly<Record<string, (context: CommandContext) => Promise<void>>> = {
  start,
  gateway: runSecondGateway,
  studio: openStudio,
  'db-url': printUrl,
  'db-migrate': migrate,
  'db-check': checkDrift,
};

/** Their messages are written for the person at the terminal; a stack would only hide them. */
const CLEAR_ERRORS = [StartProblem, InvalidSettings, InvalidConnectionString, MigrationFailed];

const projectRoot = fileURLToPath(new URL('../../../../', import.meta.url));
const PARENT = /^--parent=([0-9]+)$/;
const parentPid = process.argv.map((argument) => PARENT.exec(argument)?.[1]).find((pid) => pid !== undefined);
const [name = 'start', ...args] = process.argv.slice(2).filter((argument) => !PARENT.test(argument));
const command = COMMANDS[name];

// Whoever read our output may have gone (npm start | head, a closed terminal). To fall over that would leave everything running without us.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

try {
  if (command === undefined) throw new StartProblem(`There is no command "${name}"; there are ${Object.keys(COMMANDS).join(', ')}.`);
  await command({
    settings: readSettings(process.env, projectRoot),
    projectRoot,
    args,
    parentPid: parentPid === undefined ? undefined : Number(parentPid),
  });
} catch (error) {
  const isClear = CLEAR_ERRORS.some((kind) => error instanceof kind);
  say(isClear && error instanceof Error ? error.message : String(error instanceof Error ? error.stack : error));
  process.exitCode = 1;
}
