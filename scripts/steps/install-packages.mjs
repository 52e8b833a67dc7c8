import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ClearError, fingerprint, progress, root } from './project.mjs';
import { run } from './run.mjs';

const MINIMUM_NODE = [20, 19];
const stampFile = join(root, 'node_modules', '.leadgate-lockfile');

/** Node's own error about a feature it does not have yet would not say what to do. */
export function checkNodeVersion() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > MINIMUM_NODE[0] || (major === MINIMUM_NODE[0] && minor >= MINIMUM_NODE[1])) return;
  throw new ClearError(
    `Leadgate needs Node ${MINIMUM_NODE.join('.')} or newer, this is Node ${process.versions.node}. Install a newer one from https://nodejs.org.`,
  );
}

/**
 * Installs exactly what package-lock.json says when node_modules is missing or was installed from another lockfile. No package may run
 * install scripts. An install made by hand (npm ci, npm install) counts: npm notes what it installed in node_modules/.package-lock.json.
 */
export async function installPackages() {
  const wanted = fingerprint(['package-lock.json']);
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === wanted) return;
  if (!matchesLockfile()) {
    progress('installing packages (about a minute the first time)');
    await run('Installing packages', process.platform === 'win32' ? 'npm.cmd' : 'npm', [
      'ci',
      '--ignore-scripts',
      '--include=dev',
      '--no-audit',
      '--no-fund',
    ]);
  }
  writeFileSync(stampFile, wanted);
}

/** Compares versions, package by package. Packages for other machines are optional and rightly missing. */
function matchesLockfile() {
  const installedFile = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(installedFile)) return false;
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  const installed = JSON.parse(readFileSync(installedFile, 'utf8')).packages;
  return (
    Object.entries(wanted).every(
      ([path, { version, optional }]) => path === '' || (installed[path]?.version ?? (optional ? version : null)) === version,
    ) && Object.keys(installed).every((path) => path in wanted)
  );
}
