import { randomBytes } from 'node:crypto';
import { type FileHandle, open, rename, unlink, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isMissing, makeBelow, syncFolder } from './disk.js';
import type { FileFormat } from './file-fields.js';
import { headOf, type RowForm } from './file-rows.js';

export const PART = '.part';
/** Beside the files: which keys each finished one has, for as long as a delivery may still ask. */
export const KEYS_FOLDER = '.keys';

/** The bytes of a batch are in the file or were taken out again. */
export class NothingWritten extends Error {}
/** They may be in the file. */
export class MaybeWritten extends Error {}

/**
 * A file under way, `<name>.<format>.part`, of this process alone: another one has another. Nobody collects it before `publish` has given it
 * its name, at once and whole.
 */
export class PartFile {
  readonly keys = new Set<string>();
  /** The disk failed to keep what it had taken: what it has of this file from now on nobody knows, so nothing more may be written to it. */
  isBroken = false;
  private bytes = 0;

  private constructor(
    readonly path: string,
    readonly form: RowForm,
    private readonly handle: FileHandle,
    private readonly inode: number,
    /** performance.now() */
    readonly bornAt: number,
  ) {}

  /** @throws the system's error */
  static async create(folder: { root: string; path: string }, name: string, form: RowForm): Promise<PartFile> {
    await makeBelow(folder.root, join(folder.path, KEYS_FOLDER));
    const moment = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '');
    const path = join(folder.path, `${name}_${moment}_${randomBytes(5).toString('hex')}.${form.format}${PART}`);
    const handle = await open(path, 'wx', 0o640);
    try {
      const part = new PartFile(path, form, handle, (await handle.stat()).ino, performance.now());
      const head = Buffer.from(headOf(form));
      if (head.length > 0) await part.put(head);
      await syncFolder(folder.path);
      return part;
    } catch (error) {
      await handle.close();
      await unlink(path).catch(() => {});
      throw error;
    }
  }

  /** The name it will have. */
  get name(): string {
    return basename(this.path).slice(0, -PART.length);
  }

  get rows(): number {
    return this.keys.size;
  }

  /**
   * Appends rows; they are on disk when this resolves.
   * @param rows by their keys
   * @throws NothingWritten, MaybeWritten; after the second this file is not to be written to again
   */
  async append(rows: ReadonlyMap<string, string>): Promise<void> {
    await this.put(Buffer.from([...rows.values()].join('')));
    // Taken from us while this process stood still: then what was written now is in a file that nobody will see, or in somebody's copy.
    if (!(await this.isOurs())) throw new MaybeWritten('the file was taken over', { cause: { code: 'TAKEN_OVER' } });
    for (const key of rows.keys()) this.keys.add(key);
  }

  /** Shows other processes that this one is alive. */
  async touch(): Promise<void> {
    const now = new Date();
    await this.handle.utimes(now, now);
  }

  /** Gives the file to whoever collects it; one without rows goes, and of one that was taken from us others have given out what was in it. */
  async publish(): Promise<void> {
    await this.close();
    try {
      if (this.rows === 0) await unlink(this.path);
      else await publish(this.path, [...this.keys]);
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }

  async close(): Promise<void> {
    await this.handle.close();
  }

  private async put(bytes: Buffer): Promise<void> {
    try {
      let written = 0;
      while (written < bytes.length) {
        const { bytesWritten } = await this.handle.write(bytes, written, bytes.length - written, this.bytes + written);
        written += bytesWritten;
      }
      await this.sync();
      this.bytes += bytes.length;
    } catch (error) {
      await this.takeBack(error);
    }
  }

  /** After a failure the system may have dropped what it could not write and call the next one a success. */
  private async sync(): Promise<void> {
    try {
      await this.handle.datasync();
    } catch (error) {
      this.isBroken = true;
      throw error;
    }
  }

  private async takeBack(cause: unknown): Promise<never> {
    try {
      await this.handle.truncate(this.bytes);
      await this.handle.datasync();
    } catch {
      throw new MaybeWritten('the write failed and could not be taken back', { cause });
    }
    // Whoever took the file over meanwhile may have what was taken back.
    if (!(await this.isOurs())) throw new MaybeWritten('the file was taken over', { cause });
    throw new NothingWritten('the write failed', { cause });
  }

  /**
   * By opening it, which also a shared folder answers as it is now, and not as it was remembered.
   * @throws MaybeWritten when the folder cannot be asked
   */
  async isOurs(): Promise<boolean> {
    try {
      const there = await open(this.path, 'r');
      try {
        return (await there.stat()).ino === this.inode;
      } finally {
        await there.close();
      }
    } catch (error) {
      if (isMissing(error)) return false;
      throw new MaybeWritten('the file cannot be seen', { cause: error });
    }
  }
}

/**
 * First its keys, then its name: whoever looks for a key finds it in the one place or the other at every moment.
 * @throws ENOENT when the file was taken over; the keys are listed twice then, which changes nothing
 */
async function publish(part: string, keys: readonly string[]): Promise<void> {
  const name = basename(part).slice(0, basename(part).lastIndexOf(PART));
  const folder = dirname(part);
  await syncFile(part);
  await writeFile(join(folder, KEYS_FOLDER, name), keys.map((key) => `${key}\n`).join(''), { mode: 0o640, flush: true });
  await syncFolder(join(folder, KEYS_FOLDER));
  await rename(part, join(folder, name));
  await syncFolder(folder);
}

export async function syncFile(path: string): Promise<void> {
  const handle = await open(path, 'r+');
  try {
    await handle.datasync();
  } finally {
    await handle.close();
  }
}

export const formatOf = (path: string): FileFormat => (/\.csv(\.|$)/.test(path) ? 'csv' : 'ndjson');
