import { mkdir, open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/** What is said of a failure of the disk: for people, without paths. */
const CAUSES: Readonly<Record<string, string>> = {
  ENOSPC: 'The disk of LEADGATE_FILE_DROP_DIR is full: free some space',
  EDQUOT: 'The quota of LEADGATE_FILE_DROP_DIR is used up: free some space',
  EROFS: 'LEADGATE_FILE_DROP_DIR cannot be written to: it is mounted read-only',
  EACCES: 'LEADGATE_FILE_DROP_DIR cannot be written to: the user of the gateway needs the right to create files there',
  EPERM: 'LEADGATE_FILE_DROP_DIR cannot be written to: the user of the gateway needs the right to create files there',
  ENOENT: 'LEADGATE_FILE_DROP_DIR is not there: create it, or mount it again',
  ENOTDIR: 'Something in the way of LEADGATE_FILE_DROP_DIR is a file and no folder',
  EMFILE: 'The gateway has too many files open',
};

export interface DiskFailure {
  readonly code: string;
  readonly cause: string;
}

export function diskFailure(error: unknown): DiskFailure {
  const code = (error as NodeJS.ErrnoException | undefined)?.code ?? 'EIO';
  return { code, cause: CAUSES[code] ?? `The file could not be written (${code})` };
}

/** What a folder lists is on disk from here on. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Makes folders below `root`, which must be there: one that is missing is a disk that is not mounted. */
export async function makeBelow(root: string, path: string): Promise<void> {
  await stat(root);
  const made = await mkdir(path, { recursive: true, mode: 0o750 });
  if (made === undefined) return;
  for (let at = path; at.length >= dirname(made).length; at = dirname(at)) await syncFolder(at);
}

export const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT';
