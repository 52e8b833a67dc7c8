import { randomBytes } from 'node:crypto';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isAlive } from './process-identity.js';

const SCRATCH = /^(?<what>.+)\.new-(?<pid>[0-9]+)-[0-9a-f]+$/;

/** A name for something under construction, moved to its real name when complete: a kill at any moment leaves no half-made thing under the real name. */
export function scratchName(what: string): string {
  return `${what}.new-${process.pid}-${randomBytes(4).toString('hex')}`;
}

/** Removes what processes that are gone left under construction. */
export function removeLeftovers(folder: string, what: string): void {
  for (const name of readdirSync(folder)) {
    const groups = SCRATCH.exec(name)?.groups;
    if (groups?.['what'] === what && !isAlive(Number(groups['pid']))) rmSync(join(folder, name), { recursive: true, force: true });
  }
}
