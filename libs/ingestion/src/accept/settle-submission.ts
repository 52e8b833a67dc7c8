import { keyScopeOf, sha256, type Claimant, type Holder, type KeyHolders } from './claim-keys.js';
import type { RowToStore } from './store-rows.js';
import type { InboundRequest, LeadItem, LeadSubmission, RefusedSubmission, Submission } from './submission.js';

/** What comes of one lead, before it is known when it was received. */
export type SettledItem =
  | { readonly kind: 'accepted'; readonly item: LeadItem }
  /** The first lead is stored already. */
  | { readonly kind: 'replayed'; readonly first: Holder }
  /** The first lead is stored together with this request. */
  | { readonly kind: 'replayed_here'; readonly first: Claimant }
  | { readonly kind: 'key_reused'; readonly detail: string };

/** What one submission comes to: what its sender is told (null: it was refused before), and what is stored of it. */
export interface Settled {
  readonly items: readonly SettledItem[] | null;
  readonly row: RowToStore | null;
}

export const KEY_REUSED = 'The Idempotency-Key was used for another body. Both bodies are kept; send this one under a key of its own.';

/** Pure: the keys are claimed, nothing else is written yet. */
export function settleSubmission(submission: Submission, holders: KeyHolders): Settled {
  if (submission.kind === 'refused') return { items: null, row: refusedRow(submission) };
  const items = submission.items.map((item) => settleItem(submission.inbound, item, holders));
  return { items, row: rowOf(submission, items) };
}

function settleItem(inbound: InboundRequest, item: LeadItem, holders: KeyHolders): SettledItem {
  if (item.key === null) return { kind: 'accepted', item };
  const holder = holders.get(keyScopeOf(inbound, item.key));
  if (holder === undefined) throw new Error('An idempotency record vanished while its row was locked.');
  if ('here' in holder) {
    const { here } = holder;
    if (here.item.leadId === item.leadId) return { kind: 'accepted', item };
    const equal = item.key.otherBody === 'replay' || here.item.key.bodyFingerprint.equals(item.key.bodyFingerprint);
    return equal ? { kind: 'replayed_here', first: here } : { kind: 'key_reused', detail: KEY_REUSED };
  }
  const { stored } = holder;
  const equal = item.key.otherBody === 'replay' || stored.bodyFingerprint.equals(item.key.bodyFingerprint);
  return equal ? { kind: 'replayed', first: stored } : { kind: 'key_reused', detail: KEY_REUSED };
}

/** A request with a new lead is stored with it. Of the others every body is kept that is not known yet, byte for byte. */
function rowOf(submission: LeadSubmission, items: readonly SettledItem[]): RowToStore | null {
  const { inbound, acceptedStatus, replayedStatus, claimSeconds } = submission;
  const leads = items.flatMap((item) => (item.kind === 'accepted' ? [item.item] : []));
  if (leads.length > 0) return { ...keptRow(inbound, acceptedStatus), verdict: 'accepted', leads, claimSeconds };
  const reused = items.find((item) => item.kind === 'key_reused');
  if (reused !== undefined) return { ...keptRow(inbound, 422), verdict: 'idempotency_key_reused', verdictDetail: reused.detail };
  if (items.some((item) => isOfSameBytes(item, inbound))) return null;
  const firsts = items.flatMap((item) => firstLeadOf(item) ?? []);
  return { ...keptRow(inbound, replayedStatus), verdict: 'replayed', verdictDetail: [...new Set(firsts)].join(', ') };
}

function isOfSameBytes(item: SettledItem, { body }: InboundRequest): boolean {
  if (item.kind === 'replayed_here') return item.first.inbound.body.equals(body);
  return item.kind === 'replayed' && item.first.bodySha256.equals(sha256(body));
}

function firstLeadOf(item: SettledItem): string | null {
  if (item.kind === 'replayed_here') return item.first.item.leadId;
  return item.kind === 'replayed' ? item.first.leadId : null;
}

const keptRow = (inbound: InboundRequest, statusCode: number) =>
  ({ inbound, statusCode, verdictDetail: null, leads: [], claimSeconds: null, bodySha256: null }) satisfies Omit<RowToStore, 'verdict'>;

function refusedRow({ inbound, status, verdict, detail }: RefusedSubmission): RowToStore {
  return { ...keptRow(inbound, status), verdict, verdictDetail: detail };
}
