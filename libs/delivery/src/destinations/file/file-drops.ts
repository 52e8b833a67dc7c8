import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isMissing } from './disk.js';
import { DropWriter } from './drop-writer.js';
import { KEYS_FOLDER } from './part-file.js';

export interface FileDropsOptions {
  /** LEADGATE_FILE_DROP_DIR, or a folder of the data directory. */
  readonly root: string;
  /** The root is made where it is missing: only where nobody has named one, because a missing one of theirs is a disk that is not mounted. */
  readonly makesRoot: boolean;
}

/** Deep enough for `<tenant>/<up to four names>`. */
const DEEPEST = 5;

/** Every folder this process drops files into. One writer for each, whatever becomes of the configuration. */
export class FileDrops {
  private readonly writers = new Map<string, DropWriter>();
  private rootMade: Promise<unknown> | undefined;

  constructor(private readonly options: FileDropsOptions) {}

  writerOf(tenantId: string, folder: string): DropWriter {
    const path = join(this.options.root, tenantId, folder);
    const known = this.writers.get(path) ?? new DropWriter(this.options.root, path);
    this.writers.set(path, known);
    return known;
  }

  /** Before the first write. @throws the system's error */
  async prepare(): Promise<void> {
    if (!this.options.makesRoot) return;
    this.rootMade ??= mkdir(this.options.root, { recursive: true, mode: 0o750 });
    await this.rootMade.catch((error: unknown) => {
      this.rootMade = undefined;
      throw error;
    });
  }

  /**
   * Every few seconds: finishes files whose time has come and those that processes left which are gone, also of destinations that this
   * process has not written to.
   */
  async round(): Promise<void> {
    for (const { tenant, folder } of await this.foldersWithFiles()) this.writerOf(tenant, folder);
    const rounds = await Promise.allSettled([...this.writers.values()].map((writer) => writer.round()));
    const failed = rounds.find((one) => one.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  async close(): Promise<void> {
    await Promise.allSettled([...this.writers.values()].map((writer) => writer.close()));
  }

  private async foldersWithFiles(): Promise<{ tenant: string; folder: string }[]> {
    const found: { tenant: string; folder: string }[] = [];
    const look = async (names: readonly string[]): Promise<void> => {
      const entries = await readdir(join(this.options.root, ...names), { withFileTypes: true });
      const [tenant, ...folder] = names;
      if (tenant !== undefined && folder.length > 0 && entries.some(({ name }) => name === KEYS_FOLDER))
        found.push({ tenant, folder: folder.join('/') });
      if (names.length >= DEEPEST) return;
      for (const entry of entries) if (entry.isDirectory() && !entry.name.startsWith('.')) await look([...names, entry.name]);
    };
    try {
      await look([]);
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
    return found;
  }
}
