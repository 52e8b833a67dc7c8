import { armFailpoints, createPgPool, readSettings, runningPostgresUrls, sqlStateOf, type Pool, type Settings } from '#platform';
import { CommandProblem, type World } from './command.js';

export interface DatabaseOptions {
  /** Longer than a request could wait: nobody waits for these. */
  readonly statementTimeoutMs?: number;
}

const CONNECT_LIMIT_MS = 5000;

export function settingsOf({ env, projectRoot }: World): Settings {
  return readSettings(env, projectRoot);
}

/** DATABASE_URL, or the Postgres that runs on the data directory; undefined when there is neither. */
export function databaseUrlOf({ database, files }: Settings): string | undefined {
  return database.url ?? runningPostgresUrls(files.dataDir)?.app;
}

/** @throws CommandProblem when there is nothing to connect to, or it does not answer */
export async function withDatabase<Result>(
  settings: Settings,
  work: (pool: Pool) => Promise<Result>,
  { statementTimeoutMs = 60_000 }: DatabaseOptions = {},
): Promise<Result> {
  armFailpoints(settings.failpoints);
  const url = databaseUrlOf(settings);
  if (url === undefined) {
    throw new CommandProblem(
      `There is no database to work on: DATABASE_URL is not set, and no Postgres runs on ${settings.files.dataDir}. Start it with npm start, or set DATABASE_URL.`,
    );
  }
  const pool = createPgPool({ url, applicationName: 'leadgate-cli', max: 2, acquireTimeoutMs: CONNECT_LIMIT_MS, statementTimeoutMs });
  try {
    await pool.query('SELECT 1').catch((error: Error) => {
      throw new CommandProblem(`Postgres does not answer: ${error.message}. Look at DATABASE_URL, and whether the server runs.`);
    });
    return await work(pool);
  } catch (error) {
    throw inWords(error) ?? error;
  } finally {
    await pool.end();
  }
}

function inWords(error: unknown): CommandProblem | undefined {
  switch (sqlStateOf(error)) {
    case '42P01':
      return new CommandProblem('The tables are not there yet. Make them with: npm run db:migrate', { cause: error });
    case '42501':
      return new CommandProblem(`The role of DATABASE_URL may not do this: ${(error as Error).message}`, { cause: error });
    default:
      return undefined;
  }
}
