import type { Decision } from '#core';
import type { LeadKind } from './lead-kinds.js';

/** What is right under the policies of the tenants t2 (STRICT) and t1 (SALVAGE). */
export interface AllowedDecisions {
  readonly STRICT: readonly Decision[];
  readonly SALVAGE: readonly Decision[];
}

export type LeadFields = Readonly<Record<string, unknown>>;

export interface LabelledLead {
  readonly number: number;
  readonly kind: LeadKind;
  readonly allowed: AllowedDecisions;
  /** The lead that must be answered before this one is sent. */
  readonly copyOf: number | null;
  /** The very same request once more: the answer must be that of the original. */
  readonly isReplay: boolean;
  /** The body without `tenant_id`. */
  readonly fields: LeadFields;
}

export type Content = Pick<LabelledLead, 'allowed' | 'fields'>;

export const both = (...allowed: readonly Decision[]): AllowedDecisions => ({ STRICT: allowed, SALVAGE: allowed });
export const PASSES = both('PASS');
export const HINTED = both('DUPLICATE_HINT');
export const REJECTED = both('REJECT');
