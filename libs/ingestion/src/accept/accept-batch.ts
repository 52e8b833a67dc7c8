import type { LeadId } from '#core';
import { appendAuditEvents, type AuditEventInput } from '#audit';
import type { PoolClient } from '#platform';
import { claimKeys, keyScopeOf, sha256, type KeyedSubmission, type Winner } from './claim-keys.js';
import { spendQuarantineBudget, withinQuarantineBudget } from './quarantine-budget.js';
import { storeRows, type RowToStore } from './store-rows.js';
import type { Acceptance, InboundRequest, LeadSubmission, RefusedSubmission, Submission } from './submission.js';

export interface BatchTerms {
  readonly quarantineBytesPerDay: number;
  /** Asked once the number of new leads is known: may they be written as rung? */
  readonly reserveRing: (leads: number) => boolean;
}

export interface BatchResult {
  /** One for each submission, in order; null for a refused one, which is simply kept. */
  readonly acceptances: readonly (Acceptance | null)[];
  /** New leads to ring after the commit; empty when the ring was not reserved. */
  readonly toRing: readonly LeadId[];
}

/** What one submission comes to: what its sender is told, and what is stored of it. */
interface Settled {
  readonly acceptance: Acceptance | null;
  readonly row: RowToStore | null;
}

/**
 * Writes a batch inside the caller's transaction: claims of keys, requests, leads, audit events. Safe to repeat after a broken
 * connection: every row has an id or a key of its own.
 */
export async function acceptBatch(client: PoolClient, batch: readonly Submission[], terms: BatchTerms): Promise<BatchResult> {
  const holders = await claimKeys(client, batch.filter(isKeyed));
  const settled = batch.map((submission) => settle(submission, holders));
  const rows = settled.flatMap(({ row }) => (row === null ? [] : [row]));
  const affordable = await withinQuarantineBudget(client, rows, terms.quarantineBytesPerDay);
  const leads = rows.flatMap(({ lead }) => (lead === null ? [] : [lead]));
  const rung = leads.length > 0 && terms.reserveRing(leads.length);
  const stored = await storeRows(client, affordable, rung);
  const fresh = leads.filter(({ leadId }) => stored.has(leadId));
  await appendAuditEvents(client, fresh.map(receivedEvent));
  await spendQuarantineBudget(client, affordable);
  return { acceptances: settled.map(({ acceptance }) => acceptance), toRing: rung ? fresh.map(({ leadId }) => leadId) : [] };
}

function settle(submission: Submission, holders: ReadonlyMap<string, Winner>): Settled {
  if (submission.kind === 'refused') return { acceptance: null, row: refusedRow(submission) };
  if (!isKeyed(submission)) return { acceptance: { kind: 'accepted' }, row: leadRow(submission) };
  const holder = holders.get(keyScopeOf(submission));
  if (holder === undefined) throw new Error('An idempotency record vanished while its row was locked.');
  if (holder.leadId === submission.leadId) return { acceptance: { kind: 'accepted' }, row: leadRow(submission) };
  if (!holder.bodyFingerprint.equals(submission.key.bodyFingerprint)) {
    const detail = 'The Idempotency-Key was used for another body. Both bodies are kept; send this one under a key of its own.';
    return {
      acceptance: { kind: 'key_reused', detail },
      row: { ...plainRow(submission.inbound, 422), verdict: 'idempotency_key_reused', verdictDetail: detail },
    };
  }
  const known = holder.bodySha256.equals(sha256(submission.inbound.body));
  return {
    acceptance: { kind: 'replayed', first: holder },
    row: known ? null : { ...plainRow(submission.inbound, submission.replayedStatus), verdict: 'replayed', verdictDetail: holder.leadId },
  };
}

function isKeyed(submission: Submission): submission is KeyedSubmission {
  return submission.kind === 'lead' && submission.key !== null;
}

const plainRow = (inbound: InboundRequest, statusCode: number) =>
  ({ inbound, statusCode, verdictDetail: null, lead: null, bodySha256: null }) satisfies Omit<RowToStore, 'verdict'>;

function leadRow(lead: LeadSubmission): RowToStore {
  return { ...plainRow(lead.inbound, lead.acceptedStatus), verdict: 'accepted', lead };
}

function refusedRow({ inbound, status, verdict, detail }: RefusedSubmission): RowToStore {
  return { ...plainRow(inbound, status), verdict, verdictDetail: detail };
}

function receivedEvent({ leadId, inbound }: LeadSubmission): AuditEventInput {
  return {
    tenantId: inbound.tenantId,
    leadId,
    type: 'lead.received',
    to: 'RECEIVED',
    actor: `source:${inbound.sourceId}`,
    detail: { inbound_request_id: inbound.id },
  };
}
