import type { Pool } from 'pg';
import { ActiveConfig, type ConfiguredSource, type ConfigVersionId, type ResolvedConfig, type TenantId } from '#core';
import type { Logger } from '../logging/logger.js';
import { sqlStateOf } from '../postgres/sql-state.js';
import { ToldProblems } from '../logging/told-problems.js';
import { Rounds } from '../rounds.js';
import type { AppendActivation } from './activate-version.js';
import { ConfigShelf } from './config-shelf.js';
import { FileImporter } from './file-importer.js';
import { configFolderOf } from './load-config-files.js';
import type { ConfigCheck, ConfigContext } from './prepare-version.js';
import { ReadFiles } from './read-files.js';
import { readFailure } from './references.js';
import { RowFollower } from './row-follower.js';
import type { Environment } from './settings.js';

export interface ConfigStoreOptions {
  readonly pool: Pool;
  /** `settings.files.config`. */
  readonly configPath: string;
  /** What `env:` references are read from. */
  readonly env: Environment;
  readonly check: ConfigCheck;
  readonly appendAuditEvents: AppendActivation;
  readonly logger: Logger;
}

/** Half of the promise "followed within 2 s": a round takes milliseconds. */
const ROUND_MS = 1000;

/**
 * The configuration of this process: imports changed files into versions and follows the active rows, one round a second.
 *
 * Files and rows are apart on purpose. A file only proposes a version; what is active is a row, the same for every process, so a
 * roll-back by `leadgate config activate` holds until somebody changes the file. Postgres may be away, at the start too: the versions taken
 * up so far stay in use and the rounds go on.
 */
export class ConfigStore extends ActiveConfig {
  private readonly shelf = new ConfigShelf();
  private readonly importer: FileImporter;
  private readonly follower: RowFollower;
  private databaseProblem: string | undefined;
  private followed = false;
  private readonly told: ToldProblems;
  private readonly rounds = new Rounds(() => this.runRound(), ROUND_MS);

  constructor(private readonly options: ConfigStoreOptions) {
    super();
    const { pool, configPath, env, check, appendAuditEvents, logger } = options;
    this.told = new ToldProblems(logger, 'config', 'the configuration has no problems any more');
    this.importer = new FileImporter(pool, appendAuditEvents, { env, check, configPath });
    this.follower = new RowFollower(pool, this.shelf, { env, check, folder: configFolderOf(configPath) }, logger);
  }

  tenant(tenantId: TenantId): ResolvedConfig | undefined {
    return this.shelf.tenant(tenantId);
  }

  tenants(): readonly ResolvedConfig[] {
    return this.shelf.tenants();
  }

  sourcesAt(path: string): readonly ConfiguredSource[] {
    return this.shelf.sourcesAt(path);
  }

  /** A version that is active or was since this process started (the last hundred): for work that began under it. */
  version(id: ConfigVersionId): ResolvedConfig | undefined {
    return this.shelf.version(id);
  }

  /** What versions are judged and their references read with here; files as they are now. */
  context(): ConfigContext {
    const { env, check, configPath } = this.options;
    return { env, check, readFile: new ReadFiles(configFolderOf(configPath)).read };
  }

  /** Resolves after the first round, whether or not Postgres was there for it. */
  start(): Promise<void> {
    return this.rounds.start();
  }

  stop(): Promise<void> {
    return this.rounds.stop();
  }

  /** True once the active rows were read; it stays true when Postgres goes away. */
  ready(): boolean {
    return this.followed;
  }

  /** What is wrong with files, with versions that cannot be used here, and with the way to Postgres; empty when all is well. */
  problems(): string[] {
    return [
      ...(this.databaseProblem === undefined ? [] : [this.databaseProblem]),
      ...this.importer.problems(),
      ...this.follower.problems(),
    ];
  }

  /** One round, after the one that is running. */
  refresh(): Promise<void> {
    return this.rounds.now();
  }

  private async runRound(): Promise<void> {
    this.databaseProblem = undefined;
    for (const step of [() => this.importer.importChanged(), () => this.follow()]) {
      try {
        await step();
      } catch (error) {
        this.databaseProblem = `the configuration cannot be read from or written to Postgres: ${reasonOf(error)}`;
      }
    }
    this.told.tell(this.problems());
  }

  private async follow(): Promise<void> {
    await this.follower.follow();
    this.followed = true;
  }
}

/** Shown on the health page, which anybody may read: what Postgres says, but no address of a server that does not answer. */
function reasonOf(error: unknown): string {
  return sqlStateOf(error) === undefined ? `it does not answer (${readFailure(error)})` : (error as Error).message;
}
