import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';

/**
 * Reads files and remembers them, so that it can be asked later whether any of them changed. A file that could not be read is
 * remembered too: it may appear.
 */
export class ReadFiles {
  private readonly stamps = new Map<string, string>();

  /** @param folder what relative paths start from */
  constructor(private readonly folder: string) {}

  /** @throws the system's error when the file cannot be read */
  readonly read = (path: string): string => {
    const file = resolve(this.folder, path);
    // The stamp first: a change between the two is then seen as one, and read again.
    this.stamps.set(file, stampOf(file));
    return readFileSync(file, 'utf8');
  };

  changed(): boolean {
    for (const [file, stamp] of this.stamps) if (stampOf(file) !== stamp) return true;
    return false;
  }
}

/** Inode, size and time of change: a mounted ConfigMap swaps the inode, an editor the time. */
function stampOf(file: string): string {
  const stat = statSync(file, { bigint: true, throwIfNoEntry: false });
  return stat === undefined ? 'missing' : `${stat.ino}:${stat.size}:${stat.mtimeNs}`;
}
