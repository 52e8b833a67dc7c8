import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { buildSources } from './build-sources.mjs';
import { generateClient } from './generate-client.mjs';
import { checkNodeVersion, installPackages } from './install-packages.mjs';
import { root } from './project.mjs';

/**
 * Makes sure that packages, client and build are there and current, then runs a program from dist in this very process: one process
 * fewer between a signal and the one it is meant for. The container image has no sources, only what was built from them.
 * @param {string} program its path below dist, e.g. 'bench/main.js'
 * @param {string[]} args its command line
 */
export async function runBuilt(program, args = process.argv.slice(2)) {
  checkNodeVersion();
  if (existsSync(join(root, 'tsconfig.build.json'))) {
    await installPackages();
    await generateClient();
    await buildSources({ onTypeErrors: 'fail' });
  }
  const main = join(root, 'dist', ...program.split('/'));
  process.argv = [process.execPath, main, ...args];
  await import(pathToFileURL(main).href);
}
