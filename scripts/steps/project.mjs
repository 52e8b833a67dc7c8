import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the clone, wherever the command was called from. */
export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** SHA-256 over names and contents of these files of the clone, in order. A missing file counts as empty. */
export function fingerprint(paths) {
  const hash = createHash('sha256');
  for (const path of paths) {
    hash.update(`${path}\0`);
    if (existsSync(join(root, path))) hash.update(readFileSync(join(root, path)));
    hash.update('\0');
  }
  return hash.digest('hex');
}

/** Progress goes to stderr, so that a command whose output is piped (db:url) prints nothing else on stdout. */
export function progress(line) {
  process.stderr.write(`leadgate: ${line}\n`);
}

/** An error whose message is the whole story for the person at the terminal: printed without a stack, exit code 1. */
export class ClearError extends Error {}
