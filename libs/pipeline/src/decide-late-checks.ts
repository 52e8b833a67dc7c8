import type { EarlierLead, Fingerprint, LeadId, TenantId } from '#core';

/** A lead that was decided without its duplicate check. */
export interface UncheckedLead {
  readonly id: LeadId;
  readonly tenantId: TenantId;
  readonly receivedAt: Date;
  /** Of what its tenant compares, in the tenant's order, under every key of the ring. */
  readonly fingerprints: readonly Fingerprint[];
  readonly windowHours: number;
}

/** Who holds an identity now. */
export interface ClaimHolder {
  readonly leadId: LeadId;
  /** When the lead came, which is what makes it the earlier one. It may have claimed much later, having been held. */
  readonly receivedAt: Date;
  readonly claimedAt: Date;
  readonly expiresAt: Date;
  /** It is nobody's duplicate. */
  readonly first: boolean;
}

export interface LateClaim {
  readonly lead: UncheckedLead;
  readonly fingerprint: Fingerprint;
  readonly expiresAt: Date;
}

export interface LateDuplicate {
  readonly tenantId: TenantId;
  readonly leadId: LeadId;
  readonly earlier: EarlierLead;
}

const HOUR_MS = 3_600_000;

/** @returns what names a claim in a map of holders */
export function claimName(tenantId: TenantId, { kind, value }: Pick<Fingerprint, 'kind' | 'value'>): string {
  return `${tenantId}\n${kind}\n${value.toString('hex')}`;
}

/**
 * What the duplicate check of these leads would have said when they came, oldest first: who held one of their identities at that moment was
 * earlier. What was free or is held by a lead that came later is theirs, from their own arrival on; and of such a later lead that was taken
 * for the first, they are the earlier one.
 */
export function decideLateChecks(
  leads: readonly UncheckedLead[],
  holders: ReadonlyMap<string, ClaimHolder>,
  now: Date,
): { readonly duplicates: readonly LateDuplicate[]; readonly claims: readonly LateClaim[] } {
  const held = new Map(holders);
  const duplicates: LateDuplicate[] = [];
  const claims: LateClaim[] = [];
  for (const lead of leads) {
    const earlier = earliestBefore(lead, held);
    if (earlier !== null) duplicates.push({ tenantId: lead.tenantId, leadId: lead.id, earlier });
    const expiresAt = new Date(lead.receivedAt.getTime() + lead.windowHours * HOUR_MS);
    if (expiresAt <= now) continue;
    for (const fingerprint of lead.fingerprints) {
      const name = claimName(lead.tenantId, fingerprint);
      const holder = held.get(name);
      if (holder !== undefined && (holder.leadId === lead.id || heldBefore(holder, lead))) continue;
      claims.push({ lead, fingerprint, expiresAt });
      held.set(name, { leadId: lead.id, receivedAt: lead.receivedAt, claimedAt: lead.receivedAt, expiresAt, first: earlier === null });
      if (holder === undefined || !holder.first || cameBefore(holder, lead) || duplicates.some(({ leadId }) => leadId === holder.leadId))
        continue;
      const seen = { leadId: lead.id, matchedOn: fingerprint.kind, seenAt: lead.receivedAt };
      if (holder.claimedAt < expiresAt) duplicates.push({ tenantId: lead.tenantId, leadId: holder.leadId, earlier: seen });
    }
  }
  return { duplicates, claims };
}

function cameBefore(holder: ClaimHolder, { id, receivedAt }: UncheckedLead): boolean {
  const ahead = receivedAt.getTime() - holder.receivedAt.getTime();
  return ahead > 0 || (ahead === 0 && holder.leadId < id);
}

function heldBefore(holder: ClaimHolder, lead: UncheckedLead): boolean {
  return cameBefore(holder, lead) && holder.expiresAt > lead.receivedAt;
}

/** Of several, the first to have claimed; of several identities both share, the one the tenant names first. */
function earliestBefore(lead: UncheckedLead, held: ReadonlyMap<string, ClaimHolder>): EarlierLead | null {
  let earliest: EarlierLead | null = null;
  for (const fingerprint of lead.fingerprints) {
    const holder = held.get(claimName(lead.tenantId, fingerprint));
    if (holder === undefined || holder.leadId === lead.id || !heldBefore(holder, lead)) continue;
    if (earliest === null || holder.claimedAt < earliest.seenAt)
      earliest = { leadId: holder.leadId, matchedOn: fingerprint.kind, seenAt: holder.claimedAt };
  }
  return earliest;
}
