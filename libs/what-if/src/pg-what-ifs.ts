import { appendAuditEvents, type AuditActor } from '#audit';
import { LEAD_STATUSES, type ResolvedConfig, sourceIdOf, type TenantId } from '#core';
import type { TenantScope } from '#access';
import { activateVersion, type ActivationResult, type ConfigContext, inTransaction, newId, type Pool, readVersion } from '#platform';
import { firstIdAt, WHAT_IF_COLUMNS, type WhatIfRow, whatIfOf, WITH_VERSIONS } from './pg-what-if-rows.js';
import type { Baseline, DifferenceKind, LeadDifference, WhatIf, WhatIfFilter } from './what-if.js';

export interface WhatIfWish {
  readonly tenantId: TenantId;
  /** Number of a version of the tenant that is not active. */
  readonly draft: number;
  readonly baseline: Baseline;
  readonly from: Date;
  /** null: until now. */
  readonly to: Date | null;
  readonly source: string | null;
  readonly limit: number | null;
  /** null: as long as the longer window of the two versions. */
  readonly warmUpHours: number | null;
  readonly actor: AuditActor;
}

export type StartResult =
  { readonly kind: 'started'; readonly whatIf: WhatIf } | { readonly kind: 'refused'; readonly problems: readonly string[] };

/** `not_running`: it has come to an end already. */
export type CancelResult = { readonly kind: 'cancelled' | 'not_running'; readonly whatIf: WhatIf };

export interface DifferencesPage {
  readonly differences: readonly LeadDifference[];
  /** Of the last one; null: there are no more. */
  readonly next: DifferencePlace | null;
}
export interface DifferencePlace {
  readonly leadId: string;
  readonly kind: string;
  readonly subject: string;
}

const STATUSES = LEAD_STATUSES.filter((status) => status !== 'ERASED');

const COUNT = `
  select least(count(*), coalesce($6, 2147483647))::int as leads from leads
   where tenant_id = $1 and status = any($2::text[]) and id >= $3 and id < $4 and ($5::text is null or source_id = $5)`;

const INSERT = `
  insert into what_ifs (id, tenant_id, config_version_id, compared_version_id, baseline, filter, requested_by, total)
  values ($1, $2, $3, $4, $5, $6, $7, $8)`;

/** Runs as rows: asked for, looked at, ended, taken up for good. */
export class PgWhatIfs {
  constructor(
    private readonly pool: Pool,
    /** What versions are read with here. */
    private readonly context: () => ConfigContext,
  ) {}

  async start(wish: WhatIfWish): Promise<StartResult> {
    const versions = await this.versionsOf(wish);
    if ('problems' in versions) return { kind: 'refused', problems: versions.problems };
    const filter = await this.filterOf(wish, versions);
    if ('problems' in filter) return { kind: 'refused', problems: filter.problems };
    const id = newId();
    await inTransaction(this.pool, async (client) => {
      const source = filter.source === null ? null : sourceIdOf(wish.tenantId, filter.source);
      const period = [firstIdAt(filter.from), firstIdAt(filter.to)];
      const { rows } = await client.query<{ leads: number }>(COUNT, [wish.tenantId, STATUSES, ...period, source, filter.limit]);
      const { draft, compared } = versions;
      const values = [id, wish.tenantId, draft.id, compared.id, wish.baseline, JSON.stringify(filter), wish.actor, rows[0]?.leads ?? 0];
      await client.query(INSERT, values);
      const detail = { what_if_id: id, draft: draft.version, compared: compared.version };
      await appendAuditEvents(client, [{ tenantId: wish.tenantId, type: 'what_if.started', actor: wish.actor, detail }]);
    });
    return { kind: 'started', whatIf: (await this.find('every_tenant', id)) as WhatIf };
  }

  async find(scope: TenantScope, id: string): Promise<WhatIf | undefined> {
    const { rows } = await this.pool.query<WhatIfRow>(
      `select ${WHAT_IF_COLUMNS} from what_ifs run ${WITH_VERSIONS} where run.id = $1 and ($2::text is null or run.tenant_id = $2)`,
      [id, tenantIn(scope)],
    );
    return rows[0] && whatIfOf(rows[0]);
  }

  /** Newest first. @param before id of the last one of the page before */
  async list(scope: TenantScope, { tenant, before, limit }: { tenant?: string; before?: string; limit: number }): Promise<WhatIf[]> {
    const { rows } = await this.pool.query<WhatIfRow>(
      `select ${WHAT_IF_COLUMNS} from what_ifs run ${WITH_VERSIONS}
        where ($1::text is null or run.tenant_id = $1) and ($2::text is null or run.tenant_id = $2) and ($3::uuid is null or run.id < $3)
        order by run.id desc limit $4`,
      [tenantIn(scope), tenant ?? null, before ?? null, limit],
    );
    return rows.map(whatIfOf);
  }

  async differences(id: string, filter: { kind?: DifferenceKind; after?: DifferencePlace; limit: number }): Promise<DifferencesPage> {
    const { kind, after, limit } = filter;
    const { rows } = await this.pool.query<LeadDifference>(
      `select lead_id as "leadId", kind, subject, before, after from what_if_differences
        where what_if_id = $1 and ($2::text is null or kind = $2) and ($3::uuid is null or (lead_id, kind, subject) > ($3, $4, $5))
        order by lead_id, kind, subject limit $6`,
      [id, kind ?? null, after?.leadId ?? null, after?.kind ?? '', after?.subject ?? '', limit + 1],
    );
    const differences = rows.slice(0, limit);
    const last = rows.length > limit ? differences.at(-1) : undefined;
    return { differences, next: last === undefined ? null : { leadId: last.leadId, kind: last.kind, subject: last.subject } };
  }

  /** @returns undefined when this scope has no such run */
  async cancel(scope: TenantScope, id: string, actor: AuditActor): Promise<CancelResult | undefined> {
    const known = await this.find(scope, id);
    if (known === undefined) return undefined;
    const cancelled = await inTransaction(this.pool, async (client) => {
      const { rowCount } = await client.query(
        `update what_ifs set status = 'CANCELLED', updated_at = clock_timestamp(), finished_at = clock_timestamp() where id = $1 and status = 'RUNNING'`,
        [id],
      );
      if (rowCount !== 1) return false;
      await appendAuditEvents(client, [{ tenantId: known.tenantId, type: 'what_if.cancelled', actor, detail: { what_if_id: id } }]);
      return true;
    });
    return { kind: cancelled ? 'cancelled' : 'not_running', whatIf: (await this.find('every_tenant', id)) ?? known };
  }

  /**
   * Makes the draft the active version: if its run is finished and the active version is still the one the draft was compared with, because
   * else nobody knows what would change. `force` says that the caller does not mind.
   */
  promote(whatIf: WhatIf, actor: Extract<AuditActor, 'cli' | 'operator' | `key:${string}`>, force: boolean): Promise<ActivationResult> {
    return activateVersion(this.pool, appendAuditEvents, whatIf.tenantId, whatIf.draftVersion, this.context(), {
      actor,
      detail: { what_if_id: whatIf.id, forced: force },
      allow: async (client, active) => {
        const { rows } = await client.query<{ status: string }>('select status from what_ifs where id = $1 for update', [whatIf.id]);
        const problems = force ? [] : notYet(whatIf, rows[0]?.status, active?.version);
        if (problems.length === 0) await client.query('update what_ifs set promoted_at = clock_timestamp() where id = $1', [whatIf.id]);
        return problems;
      },
    });
  }

  private async versionsOf({
    tenantId,
    draft,
  }: WhatIfWish): Promise<{ draft: ResolvedConfig; compared: ResolvedConfig } | { problems: readonly string[] }> {
    const { rows } = await this.pool.query<{ id: ResolvedConfig['id']; version: number; active: boolean }>(
      'select id, version, active from config_versions where tenant_id = $1 and (active or version = $2)',
      [tenantId, draft],
    );
    const active = rows.find((row) => row.active);
    const wanted = rows.find(({ version }) => version === draft);
    if (active === undefined) return { problems: [`the tenant ${tenantId} has no active configuration to compare with`] };
    if (wanted === undefined)
      return {
        problems: [
          `the tenant ${tenantId} has no version ${draft}; \`leadgate config draft FILE\` makes one, \`leadgate config list ${tenantId}\` shows those it has`,
        ],
      };
    if (wanted.active)
      return {
        problems: [`version ${draft} is the active one, so nothing would change; draft a file with \`leadgate config draft FILE\``],
      };
    const compared = await readVersion(this.pool, active.id, this.context());
    const drafted = await readVersion(this.pool, wanted.id, this.context());
    if (compared === undefined || drafted === undefined) return { problems: ['the versions changed just now; ask again'] };
    if ('problems' in compared) return { problems: compared.problems.map((problem) => `the active version ${active.version}: ${problem}`) };
    if ('problems' in drafted) return { problems: drafted.problems.map((problem) => `version ${draft}: ${problem}`) };
    return { draft: drafted, compared };
  }

  private async filterOf(
    { tenantId, from, to, source, limit, warmUpHours }: WhatIfWish,
    { draft, compared }: { draft: ResolvedConfig; compared: ResolvedConfig },
  ): Promise<WhatIfFilter | { problems: readonly string[] }> {
    const { rows } = await this.pool.query<{ now: Date; known: boolean }>(
      'select clock_timestamp() as now, $1::text is null or exists (select from sources where id = $1) as known',
      [source === null ? null : sourceIdOf(tenantId, source)],
    );
    const now = rows[0]?.now ?? from;
    const until = to === null || to > now ? now : to;
    const problems: string[] = [];
    if (from >= until) problems.push('the period is empty: `from` must be before `to` and before now');
    if (rows[0]?.known !== true)
      problems.push(`the tenant ${tenantId} has no source ${source ?? ''}; \`leadgate config check\` lists what a file has`);
    if (problems.length > 0) return { problems };
    const usual = Math.max(draft.config.dedup.window_hours, compared.config.dedup.window_hours);
    return { from, to: until, source, limit, warmUpHours: warmUpHours ?? usual };
  }
}

function notYet({ comparedVersion, id }: WhatIf, status: string | undefined, active: number | undefined): string[] {
  const problems: string[] = [];
  if (status !== 'FINISHED')
    problems.push(
      `the run is ${status ?? 'gone'}, not FINISHED: what the draft changes is known only in part. Wait for it, or say --force (force: true)`,
    );
  if (active !== comparedVersion)
    problems.push(
      `version ${active ?? '(none)'} is active now, and the draft was compared with version ${comparedVersion}. Start a what-if against the present one, or say --force (force: true); this was ${id}`,
    );
  return problems;
}

function tenantIn(scope: TenantScope): string | null {
  return scope === 'every_tenant' ? null : scope.only;
}
