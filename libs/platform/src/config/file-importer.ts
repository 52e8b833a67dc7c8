import type { Pool } from 'pg';
import { isConnectionLoss } from '../postgres/sql-state.js';
import { importFile, type AppendActivation } from './activate-version.js';
import {
  configFolderOf,
  listConfigFiles,
  loadConfigFile,
  originOf,
  problemsBetween,
  type ConfigJudges,
  type LoadedFile,
} from './load-config-files.js';
import type { PreparedVersion } from './prepare-version.js';
import { readFailure } from './references.js';

interface KnownFile {
  readonly loaded: LoadedFile;
  /** The content was imported, or found to be the last one imported. */
  readonly done: boolean;
  /** Why the database refused it. */
  readonly refused: readonly string[];
}

/** Turns the files of the configuration folder into versions: at start, and whenever one of them changes. A bad file changes nothing. */
export class FileImporter {
  private readonly known = new Map<string, KnownFile>();
  private between = new Map<string, string[]>();
  private folderProblem: string | undefined;

  constructor(
    private readonly pool: Pool,
    private readonly append: AppendActivation,
    private readonly from: ConfigJudges & { readonly configPath: string },
  ) {}

  /** One round. Looks at the times of a few files and touches the database only when one of them changed. */
  async importChanged(): Promise<void> {
    this.reload();
    for (const [path, { loaded, done }] of this.known) {
      if (done || loaded.prepared === undefined || this.between.has(loaded.name)) continue;
      const refused = await this.import(loaded.name, loaded.prepared);
      this.known.set(path, { loaded, done: refused.length === 0, refused });
    }
  }

  /**
   * @returns why it is not imported; empty when it is
   * @throws when Postgres is away: then no other file has a chance either
   */
  private async import(name: string, prepared: PreparedVersion): Promise<readonly string[]> {
    try {
      const result = await importFile(this.pool, this.append, prepared, originOf(name));
      return result.kind === 'refused' ? result.problems : [];
    } catch (error) {
      if (isConnectionLoss(error)) throw error;
      return [`cannot be stored, and is tried again every second: ${(error as Error).message}`];
    }
  }

  /** Every problem of every file as it is now, each beginning with the file's name. */
  problems(): string[] {
    if (this.folderProblem !== undefined) return [this.folderProblem];
    return [...this.known.values()].flatMap(({ loaded, refused }) =>
      [...loaded.problems, ...(this.between.get(loaded.name) ?? []), ...refused].map((problem) => `${loaded.name}: ${problem}`),
    );
  }

  private reload(): void {
    let paths: string[];
    try {
      paths = listConfigFiles(this.from.configPath);
      this.folderProblem = undefined;
    } catch (error) {
      this.folderProblem = `the configuration folder ${this.from.configPath} cannot be read (${readFailure(error)}); LEADGATE_CONFIG names it`;
      return;
    }
    for (const path of this.known.keys()) if (!paths.includes(path)) this.known.delete(path);
    const folder = configFolderOf(this.from.configPath);
    for (const path of paths) {
      const known = this.known.get(path);
      if (known !== undefined && !known.loaded.changed()) continue;
      this.known.set(path, { loaded: loadConfigFile(path, folder, this.from), done: false, refused: [] });
    }
    this.between = problemsBetween([...this.known.values()].map(({ loaded }) => loaded));
  }
}
