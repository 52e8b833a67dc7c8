import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { chownSync, closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PostgresDataDir } from './postgres-data-dir.js';
import { moveIntoPlace, type PostgresProgram } from './postgres-program.js';
import { removeLeftovers, scratchName } from './scratch.js';
import { StartProblem } from './start-problem.js';

/** The administrator inside the embedded server; only this folder's code logs in as it. */
export const SUPERUSER = 'leadgate_superuser';

/** Makes the cluster if it is not there yet: UTF-8, sorted by code point, passwords for everybody. A kill in the middle leaves nothing under its name. */
export function createCluster(dir: PostgresDataDir, program: PostgresProgram, superuserPassword: string): void {
  if (existsSync(dir.cluster)) {
    const version = readFileSync(join(dir.cluster, 'PG_VERSION'), 'utf8').trim();
    if (version !== program.majorVersion) {
      throw new StartProblem(
        `The database in ${dir.cluster} was written by Postgres ${version} and this release brings Postgres ${program.majorVersion}. Dump it with the release that wrote it and load it here, or delete ${dir.dataDir} to start with an empty database.`,
      );
    }
    return;
  }
  removeLeftovers(dir.home, 'cluster');
  removeLeftovers(dir.home, 'password');
  const scratch = join(dir.home, scratchName('cluster'));
  const passwordFile = join(dir.home, scratchName('password'));
  mkdirSync(scratch, { mode: 0o700 });
  writeFileSync(passwordFile, superuserPassword, { mode: 0o600 });
  if (dir.user) for (const path of [scratch, passwordFile]) chownSync(path, dir.user.uid, dir.user.gid);
  const result = spawnSync(
    program.initdb,
    [
      ...['--pgdata', scratch, '--username', SUPERUSER, '--pwfile', passwordFile, '--auth', 'scram-sha-256', '--encoding', 'UTF8'],
      ...['--locale', 'C', '--locale-provider', 'builtin', '--builtin-locale', 'C.UTF-8', '--no-instructions'],
    ],
    { encoding: 'utf8', cwd: dir.home, env: environment(), ...dir.user },
  );
  rmSync(passwordFile, { force: true });
  if (result.status !== 0) {
    rmSync(scratch, { recursive: true, force: true });
    throw new StartProblem(
      `The database could not be made in ${dir.home}: ${explainFailure(result.error, `${result.stderr}${result.stdout}`)}`,
    );
  }
  moveIntoPlace(scratch, dir.cluster);
}

/** Postgres decides by environment variables such as PGPORT and LC_ALL too; none of the caller's may reach it. */
function environment(): NodeJS.ProcessEnv {
  return { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };
}

function explainFailure(error: Error | undefined, output: string): string {
  if (error) return `its program could not be started (${error.message}). Set DATABASE_URL to use a Postgres of your own.`;
  return output.trim().split('\n').slice(-5).join('\n');
}

const SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '200',
  fsync: 'on',
  full_page_writes: 'on',
  synchronous_commit: 'on',
  timezone: 'UTC',
  log_timezone: 'UTC',
  // Failed statements and their details would write values of people into the log; starts, stops and refused logins are what it is for.
  log_min_messages: 'log',
  log_error_verbosity: 'terse',
} as const;

const LOG_LIMIT_BYTES = 10 * 1024 * 1024;

/**
 * Starts a postmaster in a session of its own: Ctrl-C in the terminal reaches every process of the foreground group, and the database has to
 * outlive the gateway that is still writing to it.
 */
export function spawnPostmaster(dir: PostgresDataDir, program: PostgresProgram, port: number): ChildProcess {
  if ((statSync(dir.log, { throwIfNoEntry: false })?.size ?? 0) > LOG_LIMIT_BYTES) renameSync(dir.log, `${dir.log}.1`);
  const log = openSync(dir.log, 'a', 0o600);
  const settings = Object.entries({ ...SETTINGS, cluster_name: dir.mark }).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const child = spawn(program.postgres, ['-D', dir.cluster, '-p', String(port), ...settings], {
    detached: true,
    stdio: ['ignore', log, log],
    cwd: dir.home,
    env: environment(),
    ...dir.user,
  });
  closeSync(log);
  child.unref();
  return child;
}

/** Where in the log the next start begins; with it, `logSince` shows what that start said. */
export function logEnd(dir: PostgresDataDir): number {
  return statSync(dir.log, { throwIfNoEntry: false })?.size ?? 0;
}

export function logSince(dir: PostgresDataDir, offset: number): string {
  return existsSync(dir.log) ? readFileSync(dir.log).subarray(offset).toString('utf8').trim() : '';
}
