import { randomBytes, randomInt } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { canEnter, choosePostgresUser, type PostgresUser } from './postgres-user.js';
import { scratchName } from './scratch.js';
import { StartProblem, systemErrorCode } from './start-problem.js';

/** `postgres-credentials.json` in the data dir (mode 600): what outlives every start and stop. */
export interface PostgresCredentials {
  /** Random, new with every new data dir: ties a home outside the data dir to it. */
  readonly id: string;
  /** Where programs, cluster and log are: null = `postgres/` in the data dir, else a folder elsewhere. Decided once. */
  readonly home: string | null;
  /** The port of the last start, used again whenever it is free, so that a printed connection string stays true. */
  readonly port: number;
  /** Whether the cluster was ever made: if so and it is gone, that is not repaired by silently making an empty one. */
  readonly initialised: boolean;
  readonly passwords: { readonly superuser: string; readonly owner: string; readonly app: string; readonly readonly: string };
}

/** `postgres.json` in the data dir: the server that runs now, or ran last. Who reads it checks that the process still exists. */
export interface RunningPostgres {
  readonly pid: number;
  readonly port: number;
  /** ISO moment of the start, for people. */
  readonly startedAt: string;
  readonly cluster: string;
  /** The process that will stop this server; others that use it leave it alone. */
  readonly owner: { readonly pid: number; readonly startedAt: string } | null;
}

export interface PostgresDataDir {
  readonly dataDir: string;
  readonly home: string;
  readonly cluster: string;
  readonly log: string;
  /** In the command line of every process of this cluster, so that they can be told from those of others. */
  readonly mark: string;
  readonly user: PostgresUser | null;
}

/** For clusters whose data dir the user of Postgres cannot enter. Not a temporary folder: systems empty those. */
const HOMES_ELSEWHERE = '/var/lib/leadgate';

/**
 * Finds or decides where the embedded Postgres of this data dir lives.
 *
 * Usually that is `<data dir>/postgres`. Root cannot run Postgres as itself, and a clone under a folder that only root may enter (mode 0700)
 * cannot be entered by the user that runs it instead; then it is `/var/lib/leadgate/<id>`, and the data dir records that. The id is made with the
 * data dir, so deleting the data dir really starts afresh: the next one has another id and never meets the old cluster, which is stopped if it
 * still runs and left for a person to delete (`abandonedHomes`). It is not deleted unasked: the data dir may only be on a disk that is not mounted.
 *
 * @throws StartProblem
 */
export function openPostgresDataDir(dataDir: string): PostgresDataDir & { credentials: PostgresCredentials } {
  makePrivateFolder(dataDir);
  const credentials = readCredentials(dataDir) ?? createCredentials(dataDir);
  const home = credentials.home ?? join(dataDir, 'postgres');
  const cluster = join(home, 'cluster');
  if (credentials.initialised && !existsSync(join(cluster, 'PG_VERSION'))) {
    throw new StartProblem(
      `The database of ${dataDir} was in ${cluster} and is gone. Put that folder back, or delete ${dataDir} to start with an empty database.`,
    );
  }
  const user = choosePostgresUser(cluster);
  makePrivateFolder(home);
  if (user) {
    for (const folder of credentials.home === null ? [dataDir, home] : [HOMES_ELSEWHERE, home]) letOthersPass(folder);
    if (!canEnter(user, home)) {
      throw new StartProblem(
        `Postgres runs as user id ${user.uid}, and that user can no longer enter ${home}. Make every folder above it passable (chmod o+x), or set LEADGATE_DATA_DIR to a folder that is.`,
      );
    }
  }
  // Starts of other data dirs read it at any moment.
  if (credentials.home !== null) replacePrivately(join(home, BELONGS_TO), { dataDir: realpathSync(dataDir), id: credentials.id });
  return { dataDir, home, cluster, log: join(home, 'postgres.log'), mark: markOf(credentials.id), user, credentials };
}

export function markOf(id: string): string {
  return `leadgate-${id}`;
}

const BELONGS_TO = 'belongs-to.json';

/** Homes of earlier data dirs at this very path, which was deleted since: nothing will ever use them again. */
export function abandonedHomes(dataDir: string, currentId: string): { home: string; cluster: string; mark: string }[] {
  if (!existsSync(HOMES_ELSEWHERE) || process.getuid?.() !== 0) return [];
  return homesLeftIn(HOMES_ELSEWHERE, dataDir, currentId);
}

/** `abandonedHomes` of one folder of homes. */
export function homesLeftIn(homes: string, dataDir: string, currentId: string): { home: string; cluster: string; mark: string }[] {
  const path = realpathSync(dataDir);
  return readdirSync(homes).flatMap((name) => {
    const home = join(homes, name);
    const owner = ownerOf(home);
    return owner?.dataDir === path && owner.id !== undefined && owner.id !== currentId
      ? [{ home, cluster: join(home, 'cluster'), mark: markOf(owner.id) }]
      : [];
  });
}

/** Null where that cannot be read, too: the home may be of a data dir that has nothing to do with this start, which therefore goes on. */
function ownerOf(home: string): { dataDir?: string; id?: string } | null {
  try {
    return JSON.parse(readFileSync(join(home, BELONGS_TO), 'utf8')) as { dataDir?: string; id?: string } | null;
  } catch {
    return null;
  }
}

const credentialsFile = (dataDir: string) => join(dataDir, 'postgres-credentials.json');
const runningFile = (dataDir: string) => join(dataDir, 'postgres.json');

export function readCredentials(dataDir: string): PostgresCredentials | null {
  return readJson<PostgresCredentials>(credentialsFile(dataDir));
}

export function readRunning(dataDir: string): RunningPostgres | null {
  return readJson<RunningPostgres>(runningFile(dataDir));
}

export function writeRunning(dataDir: string, running: RunningPostgres): void {
  replacePrivately(runningFile(dataDir), running);
}

export function forgetRunning(dataDir: string): void {
  rmSync(runningFile(dataDir), { force: true });
}

export function updateCredentials(dataDir: string, change: Partial<Pick<PostgresCredentials, 'port' | 'initialised'>>): void {
  replacePrivately(credentialsFile(dataDir), { ...readCredentials(dataDir), ...change });
}

function createCredentials(dataDir: string): PostgresCredentials {
  const id = randomBytes(8).toString('hex');
  const password = () => randomBytes(24).toString('base64url');
  const credentials: PostgresCredentials = {
    id,
    home: chooseHome(dataDir, id),
    port: randomPort(),
    initialised: false,
    passwords: { superuser: password(), owner: password(), app: password(), readonly: password() },
  };
  const scratch = join(dataDir, scratchName('postgres-credentials.json'));
  writePrivately(scratch, `${JSON.stringify(credentials, null, 2)}\n`);
  try {
    // A link, unlike a rename, does not replace: of two first starts at once, one makes the passwords and the other reads them.
    linkSync(scratch, credentialsFile(dataDir));
  } catch (error) {
    if (systemErrorCode(error) !== 'EEXIST') throw error;
  } finally {
    rmSync(scratch, { force: true });
  }
  return readCredentials(dataDir) ?? credentials;
}

function chooseHome(dataDir: string, id: string): string | null {
  const user = choosePostgresUser(join(dataDir, 'postgres', 'cluster'));
  if (user === null) return null;
  letOthersPass(dataDir);
  return canEnter(user, dataDir) ? null : join(HOMES_ELSEWHERE, id);
}

/** Adds the right to pass through a folder, not to list it; the files in it are mode 600. */
function letOthersPass(folder: string): void {
  const { mode, uid } = statSync(folder);
  if (uid === process.getuid?.() && (mode & 0o011) !== 0o011) chmodSync(folder, (mode & 0o777) | 0o011);
}

/** Below the ports that Linux and macOS hand to outgoing connections, so that one of those does not sit on ours while we are stopped. */
function randomPort(): number {
  return randomInt(20_000, 30_000);
}

/** The wished-for port if it is free, else another. */
export async function freePort(wished: number): Promise<number> {
  for (let candidate = wished; ; candidate = randomPort()) {
    if (await isFree(candidate)) return candidate;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const free = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false));
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => resolve(true));
  });
  await new Promise((resolve) => server.close(resolve));
  return free;
}

/**
 * Makes a folder that is this user's alone, and sees whether it can be written to. Folders above it get the usual mode.
 * @throws StartProblem
 */
export function makePrivateFolder(folder: string): void {
  try {
    mkdirSync(dirname(folder), { recursive: true });
    if (!existsSync(folder)) mkdirSync(folder, { mode: 0o700 });
    const scratch = join(folder, scratchName('writable'));
    writePrivately(scratch, '');
    rmSync(scratch);
  } catch (error) {
    throw new StartProblem(
      `The data folder ${folder} cannot be used (${systemErrorCode(error) ?? String(error)}). It must be a folder this user may write to; LEADGATE_DATA_DIR names another.`,
      { cause: error },
    );
  }
}

function readJson<T>(file: string): T | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as T;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT' || systemErrorCode(error) === 'ENOTDIR') return null;
    throw new StartProblem(
      `${file} cannot be read (${systemErrorCode(error) ?? 'it is damaged'}). Restore it, or delete ${dirname(file)} to start with an empty database.`,
      { cause: error },
    );
  }
}

function writePrivately(file: string, content: string): void {
  writeFileSync(file, content, { mode: 0o600 });
}

function replacePrivately(file: string, content: object): void {
  const scratch = join(dirname(file), scratchName('replacement'));
  writePrivately(scratch, `${JSON.stringify(content, null, 2)}\n`);
  renameSync(scratch, file);
}
