import type { Pool } from 'pg';
import type { ConfigVersionId, ResolvedConfig, TenantId } from '#core';
import type { Logger } from '../logging/logger.js';
import { contentOf } from './config-rows.js';
import type { ConfigShelf } from './config-shelf.js';
import type { ConfigJudges } from './load-config-files.js';
import { resolveContent } from './prepare-version.js';
import { ReadFiles } from './read-files.js';

interface ActiveRow {
  readonly id: ConfigVersionId;
  readonly tenantId: TenantId;
  readonly version: number;
  readonly rulesetVersion: number;
  readonly policyVersion: number;
}

/** What became of a version here: taken up, or why not; asked again when a file it refers to changed. */
interface TakeUp {
  readonly id: ConfigVersionId;
  readonly files: ReadFiles;
  readonly problems: readonly string[];
}

/** Follows the active rows: one cheap query a round, and the content only of a version not yet known. */
export class RowFollower {
  private readonly takeUps = new Map<TenantId, TakeUp>();

  constructor(
    private readonly pool: Pool,
    private readonly shelf: ConfigShelf,
    private readonly from: ConfigJudges & { readonly folder: string },
    private readonly logger: Logger,
  ) {}

  async follow(): Promise<void> {
    const { rows } = await this.pool.query<ActiveRow>({
      name: 'active_config_versions',
      text: `SELECT id, tenant_id AS "tenantId", version, ruleset_version AS "rulesetVersion", policy_version AS "policyVersion"
               FROM config_versions WHERE active ORDER BY tenant_id`,
    });
    for (const row of rows) {
      const known = this.takeUps.get(row.tenantId);
      if (known?.id !== row.id || known.files.changed()) await this.takeUp(row);
    }
  }

  /** Versions that are active in the database and cannot be used here. */
  problems(): string[] {
    return [...this.takeUps].flatMap(([tenantId, { problems }]) => problems.map((problem) => `tenant ${tenantId}: ${problem}`));
  }

  private async takeUp(row: ActiveRow): Promise<void> {
    const content = await contentOf(this.pool, row.id);
    if (content === undefined) return;
    const files = new ReadFiles(this.from.folder);
    const resolved = resolveContent(content, { ...this.from, readFile: files.read });
    if ('config' in resolved) {
      this.takeUps.set(row.tenantId, { id: row.id, files, problems: [] });
      this.shelf.put({ ...row, config: resolved.config } satisfies ResolvedConfig);
      this.logger.info({ component: 'config', tenant: row.tenantId, version: row.version }, 'configuration taken up');
      return;
    }
    const inUse = this.shelf.tenant(row.tenantId);
    const meanwhile = inUse === undefined ? 'the tenant is closed until then' : `version ${inUse.version} stays in use until then`;
    this.takeUps.set(row.tenantId, {
      id: row.id,
      files,
      problems: resolved.problems.map((problem) => `version ${row.version} cannot be used by this process (${meanwhile}): ${problem}`),
    });
  }
}
