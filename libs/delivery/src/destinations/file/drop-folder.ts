import { readdir, readFile, rename, stat, unlink, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { isMissing } from './disk.js';
import { formatOf, KEYS_FOLDER, PART, publish, syncFile } from './part-file.js';
import { readWrittenRows } from './written-rows.js';

/** A file that nobody showed to be under way for so long was left by a process that is gone. Its owner shows it every few seconds. */
export const ABANDONED_SECONDS = 120;
/** Longer than a delivery waits for its next attempt. */
const KEYS_KEPT_DAYS = 30;

/** One folder of files: what processes wrote into it, this one and others, alive and gone. */
export class DropFolder {
  constructor(
    readonly path: string,
    private readonly now: () => number = Date.now,
  ) {}

  /**
   * Which of the keys have a row here already, in a file that is under way or one that was finished. A row that is found is on disk when
   * this resolves: its writer may have died before it could say so. @throws the system's error
   */
  async holding(keys: ReadonlySet<string>): Promise<Map<string, string>> {
    const found = new Map<string, string>();
    if (keys.size === 0) return found;
    const note = (name: string, written: readonly string[]): boolean => {
      const hits = written.filter((key) => keys.has(key));
      for (const key of hits) found.set(key, name);
      return hits.length > 0;
    };
    // Files under way first: one that is finished meanwhile is in the list of keys by then.
    for (const name of (await this.names()).filter((one) => one.includes(PART))) {
      const path = join(this.path, name);
      try {
        const { keys: written } = await readWrittenRows(path, formatOf(name));
        if (note(name.slice(0, name.indexOf(PART)), written)) await syncFile(path);
      } catch (error) {
        if (!isMissing(error)) throw error;
      }
    }
    for (const name of await this.names(KEYS_FOLDER))
      note(name, (await readFile(join(this.path, KEYS_FOLDER, name), 'latin1')).split('\n'));
    return found;
  }

  /** Publishes what processes that are gone left under way, without the row they died in. @param ours files of this process */
  async publishAbandoned(ours: ReadonlySet<string>): Promise<number> {
    let published = 0;
    for (const name of (await this.names()).filter((one) => one.includes(PART) && !ours.has(join(this.path, one)))) {
      if (await this.publishIfAbandoned(join(this.path, name))) published += 1;
    }
    return published;
  }

  /** Lists of keys that no delivery asks for any more. */
  async forgetOldKeys(): Promise<void> {
    for (const name of await this.names(KEYS_FOLDER)) {
      const path = join(this.path, KEYS_FOLDER, name);
      if ((await this.secondsSince(path)) > KEYS_KEPT_DAYS * 86_400) await unlink(path);
    }
  }

  private async publishIfAbandoned(path: string): Promise<boolean> {
    try {
      if ((await this.secondsSince(path)) < ABANDONED_SECONDS) return false;
      // Of several processes one can rename it; its age begins anew, so that this one's death leaves it to the next.
      const mine = `${path.slice(0, path.indexOf(PART))}${PART}.${hostname().replaceAll(/[^A-Za-z0-9-]/g, '')}-${process.pid}`;
      if (mine !== path) await rename(path, mine);
      const moment = new Date(this.now());
      await utimes(mine, moment, moment);
      const { keys, goodBytes } = await readWrittenRows(mine, formatOf(mine));
      if (keys.length === 0) await unlink(mine);
      else await publish(mine, keys, goodBytes);
      return keys.length > 0;
    } catch (error) {
      if (isMissing(error)) return false;
      throw error;
    }
  }

  private async secondsSince(path: string): Promise<number> {
    return (this.now() - (await stat(path)).mtimeMs) / 1000;
  }

  private async names(below = ''): Promise<string[]> {
    try {
      return (await readdir(join(this.path, below))).sort();
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
  }
}
