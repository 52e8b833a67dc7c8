import {
  armFailpoints,
  createPgPool,
  isDatabaseUnavailable,
  readSettings,
  runningPostgresUrls,
  sqlStateOf,
  type Pool,
  type Settings,
} from '#platform';
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
      throw new CommandProblem(whyNotConnected(error), { cause: error });
    });
    return await work(pool);
  } catch (error) {
    throw inWords(error) ?? error;
  } finally {
    await pool.end();
  }
}

/** What Postgres itself says is a matter of the connection string; whoever says nothing is not there. */
function whyNotConnected(error: Error): string {
  return sqlStateOf(error) === undefined
    ? `Postgres does not answer: ${error.message}. Look at DATABASE_URL, and whether the server runs.`
    : `Postgres answers, but does not let us in: ${error.message}. Correct user, password or name of the database in DATABASE_URL.`;
}

function inWords(error: unknown): CommandProblem | undefined {
  switch (sqlStateOf(error)) {
    case '42P01':
      return new CommandProblem('The tables are not there yet. Make them with: npm run db:migrate', { cause: error });
    case '42501':
      return new CommandProblem(`The role of DATABASE_URL may not do this: ${(error as Error).message}`, { cause: error });
    case '25006':
      return new CommandProblem(
        'Nothing was changed: this connection may only read. It is a standby, or the role leadgate_readonly, and also what is looked at leaves an ' +
          "audit event. Run it with the gateway's own DATABASE_URL.",
        { cause: error },
      );
    case '57014':
      return new CommandProblem(
        'Postgres took too long and was told to stop; nothing was changed by the last step. Run it again when it is less busy.',
        {
          cause: error,
        },
      );
    default:
      return isDatabaseUnavailable(error) && !(error instanceof CommandProblem)
        ? new CommandProblem(
            `Postgres went away meanwhile: ${(error as Error).message}. What was committed stays; run it again once \`leadgate doctor\` finds nothing bad.`,
            { cause: error },
          )
        : undefined;
  }
}
