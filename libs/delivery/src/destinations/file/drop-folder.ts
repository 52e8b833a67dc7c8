import { readdir, readFile, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { isMissing } from './disk.js';
import { formatOf, KEYS_FOLDER, PART, syncFile } from './part-file.js';
import { TAKEN, takeOver, UNFINISHED } from './take-over.js';
import { readWrittenRows } from './written-rows.js';

/** A file that nobody showed to be under way for so long was left by a process that is gone. Its owner shows it every few seconds. */
export const ABANDONED_SECONDS = 120;
/**
 * From here on its owner may stand still right before a write. Three signs of life were missed, and it is less than an attempt that ended
 * unknown lies behind when the next one is made: 60 s of the lease are 5 s more than a call can wait and write, and the gap before a retry is 24 s.
 */
export const STILL_SECONDS = 15;
/** Longer than a delivery waits for its next attempt. */
const KEYS_KEPT_DAYS = 30;
/** What a takeover left that died; the file itself was taken over by others long ago. */
const UNFINISHED_KEPT_SECONDS = 3600;
/** Files change their names while they are read only when a process takes over another one's. */
const MOST_LOOKS = 10;

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
    if (keys.size === 0) return new Map();
    for (let look = 1; look <= MOST_LOOKS; look += 1) {
      const before = await this.partNames();
      const found = await this.look(keys, before);
      const known = new Set(before);
      // One that came meanwhile may be one that was taken over, under another name than when it was looked for.
      if (found !== undefined && (await this.partNames()).every((name) => known.has(name))) return found;
    }
    throw Object.assign(new Error('files change while they are looked through'), { code: 'EBUSY' });
  }

  /**
   * Finishes what processes that show no life have under way, without a row they may have died in.
   * @param ours files of this process
   * @param seconds for which nothing was seen of their owners
   */
  async takeOverAll(ours: ReadonlySet<string>, seconds: number): Promise<number> {
    let finished = 0;
    for (const name of await this.partNames()) {
      const path = join(this.path, name);
      if (!ours.has(path) && (await this.secondsSince(path)) >= seconds && (await takeOver(path, this.now()))) finished += 1;
    }
    return finished;
  }

  /** Lists of keys that no delivery asks for any more. */
  async forgetOldKeys(): Promise<void> {
    for (const name of await this.names(KEYS_FOLDER)) {
      const path = join(this.path, KEYS_FOLDER, name);
      const kept = name.startsWith(UNFINISHED) ? UNFINISHED_KEPT_SECONDS : KEYS_KEPT_DAYS * 86_400;
      if ((await this.secondsSince(path)) > kept) await unlink(path).catch(unlessMissing);
    }
  }

  /** @returns undefined when a file was finished or taken over before it was read */
  private async look(keys: ReadonlySet<string>, parts: readonly string[]): Promise<Map<string, string> | undefined> {
    const found = new Map<string, string>();
    const note = (name: string, written: readonly string[]): boolean => {
      const hits = written.filter((key) => keys.has(key));
      for (const key of hits) found.set(key, name);
      return hits.length > 0;
    };
    // Files under way first: one that is finished meanwhile is in the list of keys by then.
    for (const name of parts) {
      const path = join(this.path, name);
      try {
        const { keys: written } = await readWrittenRows(path, formatOf(name));
        if (note(name.slice(0, name.indexOf(PART)), written)) await syncFile(path);
      } catch (error) {
        unlessMissing(error);
        return undefined;
      }
    }
    for (const name of (await this.names(KEYS_FOLDER)).filter((one) => !one.startsWith(UNFINISHED))) {
      const list = await readFile(join(this.path, KEYS_FOLDER, name), 'latin1').catch(unlessMissing);
      note(name.endsWith(TAKEN) ? name.slice(0, -TAKEN.length) : name, list?.split('\n') ?? []);
    }
    return found;
  }

  /** 0: it is gone. */
  private async secondsSince(path: string): Promise<number> {
    const known = await stat(path).catch(unlessMissing);
    return known === undefined ? 0 : (this.now() - known.mtimeMs) / 1000;
  }

  private async partNames(): Promise<string[]> {
    return (await this.names()).filter((name) => name.includes(PART));
  }

  private async names(below = ''): Promise<string[]> {
    return ((await readdir(join(this.path, below)).catch(unlessMissing)) ?? []).sort();
  }
}

/** @throws what is not about something missing */
function unlessMissing(error: unknown): undefined {
  if (!isMissing(error)) throw error;
  return undefined;
}
