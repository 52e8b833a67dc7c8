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
  readonly tenantId: TenantId;
  /** Absent where it cannot be used here. */
  readonly resolved?: ResolvedConfig;
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
    const changed = rows.filter((row) => {
      const known = this.takeUps.get(row.tenantId);
      return known?.id !== row.id || known.files.changed();
    });
    // Nothing counts as taken up before all of it was read: a connection lost on the way leaves the whole round to the next one.
    const takeUps: TakeUp[] = [];
    for (const row of changed) takeUps.push(await this.takeUp(row));
    for (const takeUp of takeUps) this.takeUps.set(takeUp.tenantId, takeUp);
    const taken = takeUps.flatMap(({ resolved }) => resolved ?? []);
    if (taken.length > 0) this.shelf.put(taken);
    for (const { tenantId: tenant, version } of taken) this.logger.info({ component: 'config', tenant, version }, 'configuration taken up');
  }

  /** Versions that are active in the database and cannot be used here. */
  problems(): string[] {
    return [...this.takeUps].flatMap(([tenantId, { problems }]) => problems.map((problem) => `tenant ${tenantId}: ${problem}`));
  }

  private async takeUp(row: ActiveRow): Promise<TakeUp> {
    const content = await contentOf(this.pool, row.id);
    const files = new ReadFiles(this.from.folder);
    const resolved = resolveContent(content ?? {}, { ...this.from, readFile: files.read });
    const takeUp = { id: row.id, tenantId: row.tenantId, files };
    if ('config' in resolved) return { ...takeUp, resolved: { ...row, config: resolved.config }, problems: [] };
    const prefix = `version ${row.version} cannot be used by this process (${this.meanwhile(row)}): `;
    return { ...takeUp, problems: resolved.problems.map((problem) => prefix + problem) };
  }

  private meanwhile({ id, tenantId }: ActiveRow): string {
    const inUse = this.shelf.tenant(tenantId);
    if (inUse === undefined) return 'the tenant is closed until then';
    return inUse.id === id ? 'it stays in use as it was read before' : `version ${inUse.version} stays in use until then`;
  }
}
