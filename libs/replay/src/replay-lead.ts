import type { AuditActor } from '#audit';
import type { DestinationId, LeadId, LeadReplayKind, TenantId } from '#core';
import { inTransaction, type Pool } from '#platform';
import { HELD_FOR_DELIVERY } from './plan-lead-replay.js';
import { type LeadReplayed, replayLeads } from './pg-lead-replays.js';

export interface LeadRequest {
  readonly kind: LeadReplayKind;
  readonly leadId: LeadId;
  readonly reason: string;
  /** null: all of the lead's. */
  readonly destinationId: DestinationId | null;
}

/** Takes one lead up again, now. @param tenantId whose leads may be touched; null: anybody's. @returns undefined: there is no such lead */
export async function replayLead(
  pool: Pool,
  { kind, leadId, reason, destinationId }: LeadRequest,
  { tenantId, actor }: { readonly tenantId: TenantId | null; readonly actor: AuditActor },
): Promise<LeadReplayed | undefined> {
  const wish = { kind, destinationId, failureClasses: null, holdReasons: HELD_FOR_DELIVERY };
  const replayed = await inTransaction(pool, (client) =>
    replayLeads(client, wish, { leadIds: [leadId], tenantId, behalf: { actor, reason, replayId: null } }),
  );
  return replayed.get(leadId);
}
