import { rmSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { createCluster, logEnd, logSince, spawnPostmaster, SUPERUSER } from './embedded/cluster.js';
import {
  abandonedHomes,
  forgetRunning,
  freePort,
  markOf,
  openPostgresDataDir,
  readCredentials,
  readRunning,
  updateCredentials,
  writeRunning,
  type PostgresCredentials,
  type PostgresDataDir,
} from './embedded/postgres-data-dir.js';
import { installPostgresProgram } from './embedded/postgres-program.js';
import { endOrphanedSessions, findPostmaster, isPostmaster, stopPostmaster, type Postmaster } from './embedded/postmaster.js';
import { identifyProcess, isSameProcess, type ProcessIdentity } from './embedded/process-identity.js';
import { StartProblem } from './embedded/start-problem.js';
import { pause, retryUntil } from './embedded/waiting.js';
import { APP_ROLE, createRoles, OWNER_ROLE, READONLY_ROLE } from './roles.js';

export interface EmbeddedPostgresOptions {
  readonly dataDir: string;
  /** The folder with node_modules/. */
  readonly projectRoot: string;
  /** Told what a person at the terminal may want to know, a sentence each. */
  readonly report?: (line: string) => void;
}

export interface EmbeddedPostgresUrls {
  readonly superuser: string;
  readonly owner: string;
  readonly app: string;
  readonly readonly: string;
}

const DATABASE = 'leadgate';
/** Recovery after a kill replays what was written since the last checkpoint: seconds usually, a minute on a slow disk under load. */
const START_LIMIT_MS = 180_000;
/** Sessions of a killed postmaster normally notice at once; one that computes may not, and it blocks the next start. */
const LEFTOVER_SESSIONS_LIMIT_MS = 3_000;

/** The connection strings of this data dir, whether or not the server runs. Makes passwords and port on first use. */
export function embeddedPostgresUrls(dataDir: string): EmbeddedPostgresUrls {
  const known = readCredentials(dataDir) ?? openPostgresDataDir(dataDir).credentials;
  return urls(known, known.port);
}

/** The connection strings of the server that runs on this data dir now, or null. */
export function runningPostgresUrls(dataDir: string): EmbeddedPostgresUrls | null {
  const running = readRunning(dataDir);
  const known = readCredentials(dataDir);
  if (!running || !known) return null;
  return isPostmaster(running.pid, { cluster: running.cluster, mark: markOf(known.id) }) ? urls(known, running.port) : null;
}

/** Whether a live process has said it will stop the server of this data dir. */
export function hasOwner(dataDir: string): boolean {
  const owner = readRunning(dataDir)?.owner;
  return owner != null && isSameProcess(owner);
}

/** Stops the server of a data dir whose owner is gone, and removes it all: what a killed test run leaves. A data dir that is in use stays. */
export async function destroyAbandonedPostgres(folder: string): Promise<void> {
  const dataDir = join(folder, 'postgres');
  if (hasOwner(dataDir)) return;
  const running = readRunning(dataDir);
  const known = readCredentials(dataDir);
  if (running && known) await stopPostmaster(running.pid, { cluster: running.cluster, mark: markOf(known.id) }, 'immediate');
  const home = known?.home;
  if (home) rmSync(home, { recursive: true, force: true });
  rmSync(folder, { recursive: true, force: true });
}

/**
 * The Postgres that comes with Leadgate: real Postgres from npm, run by us. fsync is on; it listens on 127.0.0.1 only, with random passwords.
 *
 * `start` adopts a server that already runs on the data dir (its starter was killed), waits for one that is just stopping, and clears away what
 * a kill -9 of any process left behind. Whoever started or adopted it last owns it, and only the owner stops it.
 */
export class EmbeddedPostgres {
  readonly #options: EmbeddedPostgresOptions;
  readonly #dir: PostgresDataDir;
  readonly #credentials: PostgresCredentials;
  #postmaster: Postmaster;
  #process: ProcessIdentity | null;
  #watch: NodeJS.Timeout | undefined;
  #restart: Promise<void> | undefined;

  private constructor(options: EmbeddedPostgresOptions, dir: PostgresDataDir, credentials: PostgresCredentials, postmaster: Postmaster) {
    this.#options = options;
    this.#dir = dir;
    this.#credentials = credentials;
    this.#postmaster = postmaster;
    this.#process = identifyProcess(postmaster.pid);
  }

  /** @throws StartProblem */
  static async start(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
    const { credentials, ...dir } = openPostgresDataDir(options.dataDir);
    await leaveAbandonedHomes(options, credentials.id);
    const postmaster = await runPostmaster(options, dir, credentials);
    const server = new EmbeddedPostgres(options, dir, credentials, postmaster);
    await server.#prepare();
    server.#takeOwnership();
    return server;
  }

  get urls(): EmbeddedPostgresUrls {
    return urls(this.#credentials, this.#postmaster.port);
  }

  get pid(): number {
    return this.#postmaster.pid;
  }

  /** Starts the server again, on the same port, whenever it ends without `stop`. */
  keepRunning(report: (line: string) => void): void {
    let nextTryAt = 0;
    this.#watch = setInterval(() => {
      if (this.#restart || performance.now() < nextTryAt || !this.#hasEnded()) return;
      report('Postgres has ended; starting it again');
      this.#restart = this.#startAgain()
        .then(() => report('Postgres runs again'))
        .catch((error: unknown) => {
          nextTryAt = performance.now() + RESTART_PAUSE_MS;
          report(`${error instanceof Error ? error.message : String(error)} Trying again in ${RESTART_PAUSE_MS / 1000} s.`);
        })
        .finally(() => (this.#restart = undefined));
    }, WATCH_INTERVAL_MS);
  }

  /** Wholly: one that is just ending holds its port for a moment, and the next one would take another. */
  #hasEnded(): boolean {
    return this.#process === null || !isSameProcess(this.#process);
  }

  async #startAgain(): Promise<void> {
    this.#postmaster = await runPostmaster(this.#options, this.#dir, { ...this.#credentials, port: this.#postmaster.port });
    this.#process = identifyProcess(this.#postmaster.pid);
    this.#takeOwnership();
  }

  /** `fast` ends sessions and writes everything out; `immediate` just ends, and the next start recovers. Does nothing when somebody else owns the server. */
  async stop(mode: 'fast' | 'immediate' = 'fast'): Promise<void> {
    clearInterval(this.#watch);
    // A start that is under way would outlive us.
    await this.#restart;
    const owner = readRunning(this.#dir.dataDir)?.owner;
    if (owner != null && owner.pid !== process.pid && isSameProcess(owner)) return;
    await stopPostmaster(this.#postmaster.pid, this.#dir, mode);
    forgetRunning(this.#dir.dataDir);
  }

  /** Stops the server and removes its data, wherever they are: for servers that were only needed for a while. */
  async destroy(): Promise<void> {
    await this.stop('immediate');
    rmSync(this.#dir.home, { recursive: true, force: true });
    rmSync(this.#dir.dataDir, { recursive: true, force: true });
  }

  #takeOwnership(): void {
    const { pid, port } = this.#postmaster;
    writeRunning(this.#dir.dataDir, {
      pid,
      port,
      startedAt: new Date().toISOString(),
      cluster: this.#dir.cluster,
      owner: identifyProcess(process.pid),
    });
  }

  async #prepare(): Promise<void> {
    const client = new pg.Client({ connectionString: this.urls.superuser });
    await client.connect();
    try {
      // Two starts at once may both adopt this server; the second one finds everything done.
      await client.query('SELECT pg_advisory_lock($1)', [SETUP_LOCK]);
      await createRoles(client, this.#credentials.passwords);
      const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [DATABASE]);
      if (rowCount === 0) await client.query(`CREATE DATABASE ${DATABASE} OWNER ${OWNER_ROLE}`);
    } finally {
      await client.end();
    }
  }
}

const WATCH_INTERVAL_MS = 250;
/** After a start that failed: a full disk does not empty itself within milliseconds. */
const RESTART_PAUSE_MS = 5_000;
/** Any number; taken in the administrator's own database only. */
const SETUP_LOCK = 1;

function urls({ passwords }: PostgresCredentials, port: number): EmbeddedPostgresUrls {
  const url = (user: string, password: string, database: string) => `postgresql://${user}:${password}@127.0.0.1:${port}/${database}`;
  return {
    superuser: url(SUPERUSER, passwords.superuser, 'postgres'),
    owner: url(OWNER_ROLE, passwords.owner, DATABASE),
    app: url(APP_ROLE, passwords.app, DATABASE),
    readonly: url(READONLY_ROLE, passwords.readonly, DATABASE),
  };
}

/** A postmaster that answers: the one that runs, or a new one. */
async function runPostmaster(
  options: EmbeddedPostgresOptions,
  dir: PostgresDataDir,
  credentials: PostgresCredentials,
): Promise<Postmaster> {
  let leftoverSince: number | undefined;
  return retryUntil(START_LIMIT_MS, `Postgres did not start within ${START_LIMIT_MS / 1000} s; its log is ${dir.log}.`, async () => {
    const found = findPostmaster(dir);
    if (found) return (await answers(credentials, found)) ? found : undefined;

    const program = installPostgresProgram(options.projectRoot, dir.home);
    createCluster(dir, program, credentials.passwords.superuser);
    const port = await freePort(credentials.port);
    updateCredentials(dir.dataDir, { port, initialised: true });
    const logStart = logEnd(dir);
    const child = spawnPostmaster(dir, program, port);
    const ended = new Promise<string>((resolve) => {
      child.once('error', (error) => resolve(error.message));
      child.once('exit', (code, signal) => resolve(`exit ${code ?? signal}`));
    });
    const outcome = await startedOrEnded(credentials, dir, port, ended);
    if (typeof outcome !== 'string') return outcome;

    const said = logSince(dir, logStart);
    if (findPostmaster(dir)) return undefined;
    if (/shared memory block .* is still in use/.test(said)) {
      leftoverSince ??= Date.now();
      if (Date.now() - leftoverSince > LEFTOVER_SESSIONS_LIMIT_MS) endOrphanedSessions(dir);
      return undefined;
    }
    throw new StartProblem(
      `Postgres could not start in ${dir.cluster} (${outcome}): ${said.split('\n').slice(-3).join(' ') || `see ${dir.log}`}`,
    );
  });
}

/** The postmaster once it answers, or the reason why it ended before. */
async function startedOrEnded(
  credentials: PostgresCredentials,
  dir: PostgresDataDir,
  port: number,
  ended: Promise<string>,
): Promise<Postmaster | string> {
  let reason: string | undefined;
  void ended.then((text) => (reason = text));
  while (reason === undefined) {
    const found = findPostmaster(dir);
    if (found?.port === port && (await answers(credentials, found))) return found;
    await pause();
  }
  return reason;
}

/** Whether our administrator can log in. A server that is starting or stopping cannot be logged in to yet or any more. */
async function answers(credentials: PostgresCredentials, postmaster: Postmaster): Promise<boolean> {
  if (postmaster.status === 'stopping' || !postmaster.port) return false;
  const client = new pg.Client({ connectionString: urls(credentials, postmaster.port).superuser, connectionTimeoutMillis: 2000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return true;
  } catch (error) {
    if (error instanceof pg.DatabaseError && error.code === WRONG_PASSWORD) {
      throw new StartProblem(
        'The passwords in postgres-credentials.json are not those of the database beside it. Restore the file that belongs to it, or delete the data folder to start with an empty database.',
      );
    }
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

const WRONG_PASSWORD = '28P01';

async function leaveAbandonedHomes(options: EmbeddedPostgresOptions, currentId: string): Promise<void> {
  for (const { home, ...dir } of abandonedHomes(options.dataDir, currentId)) {
    const postmaster = findPostmaster(dir);
    if (postmaster) await stopPostmaster(postmaster.pid, dir, 'fast');
    options.report?.(`an earlier data folder at this place had its database in ${home}; delete it when nobody needs it any more`);
  }
}
