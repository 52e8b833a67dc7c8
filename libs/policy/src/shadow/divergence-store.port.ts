import type { Decision, LeadId, TenantId } from '#core';

/** How often the shadow would have said `shadow` where the policy said `active`. */
export interface DivergenceCount {
  readonly tenantId: TenantId;
  readonly policyVersion: number;
  readonly active: Decision;
  readonly shadow: Decision;
  readonly leads: number;
  readonly lastLeadId: LeadId;
}

export abstract class DivergenceStore {
  /** Adds the counts to those stored. */
  abstract add(counts: readonly DivergenceCount[]): Promise<void>;
}
