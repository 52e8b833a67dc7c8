import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { buildSources } from './build-sources.mjs';
import { generateClient } from './generate-client.mjs';
import { checkNodeVersion, installPackages } from './install-packages.mjs';
import { root } from './project.mjs';

/** npm, when it started us: it may be killed while we install or build. */
const parent = process.env.npm_lifecycle_event ? [`--parent=${process.ppid}`] : [];

/**
 * Makes sure that packages, client and build are there and current, then runs a command of apps/supervisor in this very process:
 * one process fewer between a signal and the one it is meant for.
 */
export async function runSupervisor(command, args = []) {
  checkNodeVersion();
  // An image brings all three and no sources, and its user may not write to them.
  if (existsSync(join(root, 'tsconfig.build.json'))) {
    await installPackages();
    await generateClient();
    await buildSources({ onTypeErrors: 'fail' });
  }
  const main = join(root, 'dist', 'apps', 'supervisor', 'src', 'main.js');
  process.argv = [process.execPath, main, command, ...parent, ...args];
  await import(pathToFileURL(main).href);
}
