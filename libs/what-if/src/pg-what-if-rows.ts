import type { ConfigVersionId, TenantId } from '#core';
import { EMPTY_SUMMARY } from './summarise.js';
import type { Baseline, WhatIf, WhatIfStatus, WhatIfSummary } from './what-if.js';

/** The smallest UUIDv7 of a moment: leads are in the order of their ids, and an id says when it was made. */
export function firstIdAt(moment: Date): string {
  const time = Math.min(Math.max(0, moment.getTime()), 2 ** 48 - 1)
    .toString(16)
    .padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-000000000000`;
}

/** Between `what_ifs run` and what follows it. */
export const WHAT_IF_COLUMNS = `run.id, run.tenant_id, run.config_version_id, draft.version as draft_version, run.compared_version_id,
  compared.version as compared_version, run.baseline, run.filter, run.requested_by, run.status, run.problem, run.total, run.done,
  run.last_lead_id, run.summary, run.created_at, run.updated_at, run.finished_at, run.promoted_at`;
export const WITH_VERSIONS = `join config_versions draft on draft.id = run.config_version_id
  join config_versions compared on compared.id = run.compared_version_id`;

export interface WhatIfRow {
  readonly id: string;
  readonly tenant_id: TenantId;
  readonly config_version_id: ConfigVersionId;
  readonly draft_version: number;
  readonly compared_version_id: ConfigVersionId;
  readonly compared_version: number;
  readonly baseline: Baseline;
  readonly filter: StoredFilter;
  readonly requested_by: string;
  readonly status: WhatIfStatus;
  readonly problem: string | null;
  readonly total: number;
  readonly done: number;
  readonly last_lead_id: string | null;
  readonly summary: Partial<WhatIfSummary>;
  readonly created_at: Date;
  readonly updated_at: Date;
  readonly finished_at: Date | null;
  readonly promoted_at: Date | null;
}

/** WhatIfFilter as jsonb has it. */
export interface StoredFilter {
  readonly from: string;
  readonly to: string;
  readonly source: string | null;
  readonly limit: number | null;
  readonly warmUpHours: number;
}

export function whatIfOf(row: WhatIfRow): WhatIf {
  return {
    id: row.id,
    tenantId: row.tenant_id,
    draftId: row.config_version_id,
    draftVersion: row.draft_version,
    comparedId: row.compared_version_id,
    comparedVersion: row.compared_version,
    baseline: row.baseline,
    filter: { ...row.filter, from: new Date(row.filter.from), to: new Date(row.filter.to) },
    requestedBy: row.requested_by,
    status: row.status,
    problem: row.problem,
    total: row.total,
    done: row.done,
    summary: { ...EMPTY_SUMMARY, ...row.summary },
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    finishedAt: row.finished_at,
    promotedAt: row.promoted_at,
  };
}
