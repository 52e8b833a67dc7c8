import type { LeadId } from '#core';
import { appendAuditEvents } from '#audit';
import type { PoolClient } from '#platform';
import { claimKeys, type Claimant } from './claim-keys.js';
import { type NewLead, type ReserveRings, toRing } from './lead-rings.js';
import { spendQuarantineBudget, withinQuarantineBudget } from './quarantine-budget.js';
import { receivedEvent } from './received-event.js';
import { settleSubmission, type SettledItem } from './settle-submission.js';
import { storeRows, type RowToStore } from './store-rows.js';
import type { Acceptance, ItemAcceptance, Submission } from './submission.js';

export interface BatchTerms {
  readonly quarantineBytesPerDay: number;
  readonly reserveRings: ReserveRings;
}

export interface BatchResult {
  /** One for each submission, in order; null for a refused one, which is simply kept. */
  readonly acceptances: readonly (Acceptance | null)[];
  /** Leads to ring after the commit; empty when the ring was not reserved. */
  readonly toRing: readonly LeadId[];
}

const RECEIVED_AT = { name: 'find_when_leads_were_received', text: 'SELECT id, received_at FROM leads WHERE id = ANY ($1::uuid[])' };

/**
 * Writes a batch inside the caller's transaction: claims of keys, requests, leads, audit events. Safe to repeat after a broken
 * connection: every row has an id or a key of its own.
 */
export async function acceptBatch(client: PoolClient, batch: readonly Submission[], terms: BatchTerms): Promise<BatchResult> {
  const holders = await claimKeys(client, batch.flatMap(claimantsOf));
  const settled = batch.map((submission) => settleSubmission(submission, holders));
  const rows = settled.flatMap(({ row }) => (row === null ? [] : [row]));
  const affordable = await withinQuarantineBudget(client, rows, terms.quarantineBytesPerDay);
  const leads = rows.flatMap(newLeadsOf);
  const rung = terms.reserveRings(leads);
  const stored = await storeRows(client, affordable, rung);
  const fresh = leads.filter(({ leadId }) => stored.has(leadId));
  await appendAuditEvents(
    client,
    fresh.map(({ leadId, inbound }) => receivedEvent(inbound, leadId)),
  );
  await spendQuarantineBudget(client, affordable);
  const receivedAt = fresh.length === leads.length ? stored : await readReceivedAt(client, leads);
  return {
    acceptances: settled.map(({ items }) => (items === null ? null : { items: items.map((item) => acceptanceOf(item, receivedAt)) })),
    // Also those that a flush nobody heard of has written as rung: it did not ring them.
    toRing: toRing(leads, rung),
  };
}

function claimantsOf(submission: Submission): Claimant[] {
  if (submission.kind === 'refused' || submission.items.every(({ key }) => key === null)) return [];
  const { inbound, items } = submission;
  return items.map((item) => ({ inbound, item }));
}

function newLeadsOf({ inbound, leads, claimSeconds }: RowToStore): (NewLead & Pick<RowToStore, 'inbound'>)[] {
  return leads.map(({ leadId }) => ({ leadId, inbound, tenantId: inbound.tenantId, claimSeconds }));
}

/** Some of them were stored by a flush whose outcome nobody heard of. */
async function readReceivedAt(client: PoolClient, leads: readonly NewLead[]): Promise<Map<LeadId, Date>> {
  const { rows } = await client.query<{ id: LeadId; received_at: Date }>({ ...RECEIVED_AT, values: [leads.map(({ leadId }) => leadId)] });
  return new Map(rows.map(({ id, received_at }) => [id, received_at]));
}

function acceptanceOf(settled: SettledItem, receivedAt: ReadonlyMap<LeadId, Date>): ItemAcceptance {
  switch (settled.kind) {
    case 'accepted': {
      const { leadId } = settled.item;
      return { kind: 'accepted', leadId, receivedAt: momentOf(leadId, receivedAt) };
    }
    case 'replayed': {
      const { leadId, correlationId, requestId, receivedAt: firstAt } = settled.first;
      return { kind: 'replayed', first: { leadId, correlationId, requestId, receivedAt: firstAt } };
    }
    case 'replayed_here': {
      const { inbound, item } = settled.first;
      const { correlationId, requestId } = inbound;
      return { kind: 'replayed', first: { leadId: item.leadId, correlationId, requestId, receivedAt: momentOf(item.leadId, receivedAt) } };
    }
    case 'key_reused':
      return settled;
  }
}

function momentOf(leadId: LeadId, receivedAt: ReadonlyMap<LeadId, Date>): Date {
  const moment = receivedAt.get(leadId);
  if (moment === undefined) throw new Error('A lead that was just stored cannot be found.');
  return moment;
}
