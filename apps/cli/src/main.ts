#!/usr/bin/env node
import { fileURLToPath } from 'node:url';
import { runCli } from './cli.js';
import { COMMANDS } from './commands.js';

process.exitCode = await runCli(process.argv.slice(2), COMMANDS, {
  env: process.env,
  // npm runs scripts in the folder of the package; a person's relative path starts from where they stand.
  folder: process.env['INIT_CWD'] ?? process.cwd(),
  projectRoot: fileURLToPath(new URL('../../../../', import.meta.url)),
  write: (text) => process.stdout.write(text),
  complain: (text) => process.stderr.write(text),
});
