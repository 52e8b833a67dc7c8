import type { Doorbell, LeadId, TenantId } from '#core';
import type { LeadSubmission } from './submission.js';

/** A lead that is stored, as far as its ring goes. */
export interface NewLead {
  readonly leadId: LeadId;
  /** null: nobody knows whose it is. */
  readonly tenantId: TenantId | null;
  readonly claimSeconds: LeadSubmission['claimSeconds'];
}

/** Asked once the new leads are known: whose may be written as rung? */
export type ReserveRings = (leads: readonly NewLead[]) => ReadonlySet<TenantId>;

/** Nobody's: the relay's poll finds them. */
export const NO_RINGS: ReserveRings = () => new Set();

/** Each tenant by itself: one that sends more than is decided takes no place of another. */
export function ringsOf(doorbell: Doorbell): ReserveRings {
  return (leads) => {
    const counts = new Map<TenantId, number>();
    for (const { tenantId } of forQueue(leads)) if (tenantId !== null) counts.set(tenantId, (counts.get(tenantId) ?? 0) + 1);
    return new Set([...counts].filter(([tenantId, count]) => doorbell.reserveLeads(tenantId, count)).map(([tenantId]) => tenantId));
  };
}

/** What is to be rung after the commit. */
export function toRing(leads: readonly NewLead[], rung: ReadonlySet<TenantId>): LeadId[] {
  return forQueue(leads)
    .filter(({ tenantId }) => tenantId !== null && rung.has(tenantId))
    .map(({ leadId }) => leadId);
}

/** Those that their submitter does not decide itself. */
export function forQueue(leads: readonly NewLead[]): readonly NewLead[] {
  return leads.filter(({ claimSeconds }) => claimSeconds === null);
}
