import type { ConfigVersionId, JsonObject, LeadId, TenantId } from '#core';

/** In lifecycle order. FAILED: the run could not be made here; `problem` says why. */
export const WHAT_IF_STATUSES = ['RUNNING', 'CANCELLED', 'FAILED', 'FINISHED'] as const;
export type WhatIfStatus = (typeof WHAT_IF_STATUSES)[number];

/**
 * What the draft is held against.
 * - `active`: the version that was active when the run was asked for, run anew on the same leads. What comes out is the draft's doing alone,
 *   however often the configuration changed since the leads came.
 * - `recorded`: what was decided when the leads came, under whatever version was active then.
 */
export const BASELINES = ['active', 'recorded'] as const;
export type Baseline = (typeof BASELINES)[number];

/** Which leads are compared: those whose id was made in `from` ≤ moment < `to`, oldest first. */
export interface WhatIfFilter {
  readonly from: Date;
  readonly to: Date;
  /** Name of a source of the tenant; leads of the others still count as earlier leads. null: all of them. */
  readonly source: string | null;
  /** The first so many; null: all. */
  readonly limit: number | null;
  /** Leads of so many hours before `from` are run as well, only for the identities they hold. */
  readonly warmUpHours: number;
}

/**
 * `decision`: what is said of the lead. `duplicate`: whose duplicate it is. `route`: who is sent it. `payload`: what one destination is
 * sent. `recorded`: the active version, run anew, says something else than what was recorded.
 */
export const DIFFERENCE_KINDS = ['decision', 'duplicate', 'route', 'payload', 'recorded'] as const;
export type DifferenceKind = (typeof DIFFERENCE_KINDS)[number];

/** One line of the table of differences: codes, ids and names of fields; no values of people. */
export interface Difference {
  readonly kind: DifferenceKind;
  /** For `payload` the name of the destination, else "". */
  readonly subject: string;
  readonly before: JsonObject;
  readonly after: JsonObject;
}

/** Counts of leads. Members of maps are e.g. `PASS → REJECT`. */
export interface WhatIfSummary {
  /** Leads with at least one difference that is the draft's doing. */
  readonly changed: number;
  readonly decisions: Readonly<Record<string, number>>;
  /** Leads that become a duplicate, that are none any more, and that are one of another lead. */
  readonly duplicates: { readonly new: number; readonly gone: number; readonly other: number };
  /** By destination: leads it is sent besides, and leads it is not sent any more. */
  readonly routes: Readonly<Record<string, { readonly more: number; readonly fewer: number }>>;
  /** By destination and name of field: leads whose value differs, appears or goes. */
  readonly payloads: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** Leads of which the active version says something else than what was recorded. */
  readonly recordedOtherwise: number;
  /** Leads of the hours before the period, and of other sources: run, not compared. */
  readonly notCompared: number;
  /** Leads that killed processes; they are not run. */
  readonly poison: number;
  /** Leads over which a stage of either version broke down. */
  readonly broken: number;
}

export interface WhatIf {
  readonly id: string;
  readonly tenantId: TenantId;
  readonly draftId: ConfigVersionId;
  readonly draftVersion: number;
  readonly comparedId: ConfigVersionId;
  readonly comparedVersion: number;
  readonly baseline: Baseline;
  readonly filter: WhatIfFilter;
  readonly requestedBy: string;
  readonly status: WhatIfStatus;
  readonly problem: string | null;
  readonly total: number;
  readonly done: number;
  readonly summary: WhatIfSummary;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly finishedAt: Date | null;
  readonly promotedAt: Date | null;
}

export interface LeadDifference extends Difference {
  readonly leadId: LeadId;
}
