import type { TenantScope } from '#access';
import { appendAuditEvents, type AuditActor } from '#audit';
import { canTransition, type DestinationId, type LeadId, type LeadStatus, type TenantId } from '#core';
import { passOn } from '#pipeline';
import { failpoint, inTransaction, type Pool, type PoolClient } from '#platform';
import {
  ERASE_CALLS,
  ERASE_CRM_ROW,
  ERASE_DELIVERIES,
  ERASE_FEEDBACK,
  ERASE_KEYS,
  ERASE_LEAD,
  ERASE_REQUESTS,
  ERASE_WHAT_IF_CLAIMS,
} from './erase-statements.js';

/**
 * Why a lead is erased, as a code: the trail outlives the lead, and a free text would soon hold a name.
 * - `person_asked`: the person wants their data removed (GDPR, article 17).
 * - `consent_withdrawn`
 * - `retention_over`: the tenant may not keep it any longer.
 * - `test_data`
 */
export const ERASURE_REASONS = ['person_asked', 'consent_withdrawn', 'retention_over', 'test_data'] as const;
export type ErasureReason = (typeof ERASURE_REASONS)[number];

export interface Erasure {
  /** Whose lead it must be; `every_tenant` for an operator. */
  readonly scope: TenantScope;
  readonly leadId: LeadId;
  readonly actor: AuditActor;
  readonly reason: ErasureReason;
}

export interface ErasedLead {
  readonly leadId: LeadId;
  /** It was erased before; nothing was left to do. */
  readonly already: boolean;
  /** Who may have the lead: each has to be told by a person (GDPR, article 19), however often it is asked. */
  readonly toldTo: readonly ToldDestination[];
}

export interface ToldDestination {
  readonly destinationId: DestinationId;
  /** The record there, if it named one. Said once, by the erasure itself: it goes with the lead, and who asks again reads null. */
  readonly recordId: string | null;
  /** false: a call is under way, or ended without an answer or with one that leaves it open; whether it has the lead is not known. */
  readonly certain: boolean;
}

const LOCK = `select tenant_id as "tenantId", status from leads where id = $1 and ($2::text is null or tenant_id = $2) for no key update`;

/** Nobody claims one from here on: whoever was sent it is in TOLD, and nobody is sent it after that was read. */
const LOCK_DELIVERIES = `select from deliveries where lead_id = $1 order by id for no key update`;

/**
 * Reads what an erasure leaves as it is, so that it says the same afterwards, but for the record. A success nobody recognised is an effect that may
 * be there, and so is one behind a gateway that answered 504 for it; 4xx is a no, but for 408.
 */
const TOLD = `
  select destination_id as "destinationId", crm_record_id as "recordId", status = 'DELIVERED' as certain
    from deliveries
   where lead_id = $1 and purpose = 'deliver'
     and (status = 'DELIVERED' or exists (
           select from delivery_attempts where delivery_id = deliveries.id
              and (sent_state = 'unknown' or status_code between 200 and 299 or status_code = 408 or status_code >= 500)))
   order by destination_id, epoch`;

/**
 * Removes what a lead says of a person, everywhere (core: PERSONAL_COLUMNS), and keeps that there was a lead: its ids, moments, decisions
 * and trail. One transaction, so nobody ever reads half of a lead; a crash leaves it as it was, and asking again is harmless.
 *
 * - What is under way ends: nothing of it is sent any more. A call that is on the wire cannot be taken back; its answer is dropped.
 * - The bytes of its request go too, also where they brought other leads: those keep their own fields, not the common original.
 * - Who was held back as its duplicate gets its chance, as when a lead fails for good.
 *
 * @returns undefined for a lead that is unknown or another tenant's
 */
export function eraseLead(pool: Pool, { scope, leadId, actor, reason }: Erasure): Promise<ErasedLead | undefined> {
  return inTransaction(pool, async (client) => {
    const { rows } = await client.query<{ tenantId: TenantId; status: LeadStatus }>(LOCK, [
      leadId,
      scope === 'every_tenant' ? null : scope.only,
    ]);
    if (rows[0] === undefined) return undefined;
    const { tenantId, status: from } = rows[0];
    await client.query(LOCK_DELIVERIES, [leadId]);
    const { rows: toldTo } = await client.query<ToldDestination>(TOLD, [leadId]);
    if (!canTransition(from, 'ERASED')) return { leadId, already: true, toldTo };
    const { heirs } = await passOn(client, { tenantId, leadId, actor, reason: 'earlier_lead_erased' });
    const requests = await eraseRows(client, leadId);
    const detail = { requests, destinations: toldTo.map(({ destinationId }) => destinationId), heirs: heirs.length };
    await appendAuditEvents(client, [{ tenantId, leadId, type: 'lead.erased', from, to: 'ERASED', actor, reason, detail }]);
    await failpoint('erase_before_commit');
    return { leadId, already: false, toldTo };
  });
}

/** @returns how many requests lost their bytes */
async function eraseRows(client: PoolClient, leadId: LeadId): Promise<number> {
  const { rowCount } = await client.query(ERASE_REQUESTS, [leadId]);
  for (const statement of [ERASE_KEYS, ERASE_DELIVERIES, ERASE_CALLS, ERASE_CRM_ROW, ERASE_FEEDBACK, ERASE_WHAT_IF_CLAIMS, ERASE_LEAD]) {
    await client.query(statement, [leadId]);
  }
  return rowCount ?? 0;
}
