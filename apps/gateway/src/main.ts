import 'reflect-metadata';
import { armFailpoints, createLogger, InvalidSettings, Keystroke, readSettings, settingWarnings, type Settings } from '#platform';
import { endProcess } from './end-process.js';
import { Gateway } from './gateway.js';
import { watchEventLoop } from './watch-event-loop.js';

/** What is on a thread (a file being read) is over sooner, unless its disk hangs. */
const ORDERLY_END_MS = 3000;
/** A process that is broken does nothing more for longer than this. */
const SUDDEN_END_MS = 250;

function settingsOrExit(): Settings {
  try {
    return readSettings(process.env);
  } catch (error) {
    if (!(error instanceof InvalidSettings)) throw error;
    process.stderr.write(`${error.message}\n`);
    return process.exit(1);
  }
}

const settings = settingsOrExit();
watchEventLoop(settings.standstillSeconds);
armFailpoints(settings.failpoints);
const logger = createLogger(settings.log.level, process.stdout.isTTY);
for (const warning of settingWarnings(process.env)) logger.warn(warning);

async function fail(error: unknown): Promise<never> {
  const port = (error as { code?: unknown }).code === 'EADDRINUSE';
  process.stderr.write(
    port
      ? `Port ${settings.http.port} is taken; stop what listens there or set PORT to another one.\n`
      : `${error instanceof Error ? error.message : String(error)}\n`,
  );
  return endProcess(1, logger, SUDDEN_END_MS);
}

const databaseUrl =
  settings.database.url ??
  (await fail(new Error('DATABASE_URL is not set; `npm start` runs a Postgres of its own, or set DATABASE_URL to yours.')));

// A job that breaks out of everything must not leave a half-working process: the supervisor starts a new one and Postgres knows what is due.
process.on('uncaughtException', (error) => {
  // Not the message: it may repeat values.
  const { code } = error as { code?: unknown };
  logger.fatal(
    { error_name: error.name, error_code: code, error_at: /\n\s+at (.+)/.exec(error.stack ?? '')?.[1] },
    'an error nobody caught: this process ends',
  );
  void endProcess(1, logger, SUDDEN_END_MS);
});

const gateway = await Gateway.create(settings, databaseUrl, logger, process.env).catch(fail);
let asked: Keystroke | undefined;
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => {
    if (asked?.isOver === true) void endProcess(1, logger, SUDDEN_END_MS);
    if (asked !== undefined) return;
    asked = new Keystroke();
    void gateway.stop().then(() => endProcess(0, logger, ORDERLY_END_MS), fail);
  });
}
// After the signals are heard: whoever sees that it listens may stop it, and its senders are answered.
await gateway.listen().catch(fail);
await gateway.ready().catch(fail);
