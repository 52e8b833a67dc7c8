import type { SourceId, TenantId } from '#core';

/** What became of what a source sent, in the order of the columns. */
export const LEDGER_STATES = [
  'delivered',
  'rejected',
  'duplicate',
  'held',
  'dead_lettered',
  'in_flight',
  'kept',
  'erased',
  'quarantined',
] as const;
export type LedgerState = (typeof LEDGER_STATES)[number];

/**
 * The account of one source over a period:
 *
 *     received = delivered + rejected + duplicate + held + dead_lettered + in_flight + kept + erased + quarantined
 *
 * The two sides come from different tables, so the equation can fail. Left: the receipts, that is the events `lead.received` of the audit trail, which
 * is written with the lead and can neither be changed nor removed, plus the requests that were refused and wait in quarantine. Right: the
 * leads by what their rows say now, plus the same requests. A lead whose row is gone, or that came in without a receipt, makes the sides differ.
 *
 * | state         | rows                                                                        |
 * |---------------|-----------------------------------------------------------------------------|
 * | delivered     | leads DELIVERED                                                             |
 * | rejected      | leads REJECTED, but for                                                     |
 * | duplicate     | leads REJECTED because they were duplicates (a duplicate that is delivered or held counts there) |
 * | held          | leads HELD                                                                  |
 * | dead_lettered | leads PERMANENTLY_FAILED                                                    |
 * | in_flight     | leads RECEIVED, READY or FAILED                                             |
 * | kept, erased  | leads KEPT, ERASED                                                          |
 * | quarantined   | refused requests that were not released; a released one counts as its leads |
 *
 * The period is one of ids, which begin with the moment at which the gateway made them: a lead lies in one period whatever happens to it later.
 */
export interface LedgerLine extends Readonly<Record<LedgerState, number>> {
  /** null: requests nobody could be named for. */
  readonly tenantId: TenantId | null;
  readonly sourceId: SourceId | null;
  readonly received: number;
}

/** Rows that contradict each other. */
export interface LedgerFinding {
  readonly code: FindingCode;
  readonly tenantId: TenantId | null;
  readonly sourceId: SourceId | null;
  readonly count: number;
  /** The first of them, at most MOST_IDS: leads, or requests for `request_without_lead`. */
  readonly ids: readonly string[];
}

export interface Ledger {
  readonly lines: readonly LedgerLine[];
  readonly findings: readonly LedgerFinding[];
  /** Every line adds up and nothing contradicts anything. */
  readonly balanced: boolean;
}

/** Enough to look at; the count says how many there are. */
export const MOST_IDS = 5;

/** What can be wrong, what it means and what to do. Of one lead only the first that fits is told. */
export const FINDINGS = {
  lead_missing: {
    says: 'was received (the trail says so) but is no longer in the table of leads',
    mend: 'somebody removed rows past the gateway: restore them from a back-up; `leadgate audit verify` shows whether the trail was touched too',
  },
  receipt_missing: {
    says: 'is in the table of leads, but the trail has no receipt of it',
    mend: 'somebody wrote rows past the gateway, or the trail lost some: run `leadgate audit verify`',
  },
  request_without_lead: {
    says: 'was accepted, but no lead was made of it',
    mend: 'the body is in inbound_requests: send it again to its source, and restore leads that were removed from a back-up',
  },
  nothing_will_send: {
    says: 'waits for its destination, but none of its deliveries is open',
    mend: 'somebody changed deliveries past the gateway: correct the lead’s status to what its deliveries say, or decide it anew',
  },
  delivered_by_nobody: {
    says: 'counts as delivered, but none of its deliveries was taken',
    mend: 'look at its deliveries and at the CRM; if the CRM does not have it, send it again',
  },
  delivered_too_early: {
    says: 'counts as delivered, but one of its deliveries was not taken',
    mend: 'look at its deliveries: what is open is still sent, what failed can be sent again',
  },
  ended_but_sent: {
    says: 'came to an end, but one of its deliveries is still open and will be sent',
    mend: 'look at the lead’s history in GET /stats/leads/{id}/history: status or delivery was changed past the gateway',
  },
  failed_without_failure: {
    says: 'counts as failed for good, but none of its deliveries is',
    mend: 'look at its deliveries: status or delivery was changed past the gateway',
  },
  delivered_without_answer: {
    says: 'has a delivery that counts as taken without an answer that says so',
    mend: 'ask the CRM whether it has the lead; if not, send it again',
  },
  fetched_by_nobody: {
    says: 'waits to be fetched, but no fetch is open',
    mend: 'decide it anew: that plans a new fetch',
  },
  decided_without_journey: {
    says: 'is decided, but no journey says how',
    mend: 'the status was changed past the gateway: decide it anew, or set it right by its trail',
  },
  status_without_event: {
    says: 'has a status that its trail does not lead to',
    mend: 'the status was changed past the gateway: set it back to where the last of the transitions in GET /stats/leads/{id}/history leads',
  },
} as const satisfies Readonly<Record<string, { readonly says: string; readonly mend: string }>>;
export type FindingCode = keyof typeof FINDINGS;

/** The right side of the equation. */
export function accountedFor(line: LedgerLine): number {
  return LEDGER_STATES.reduce((sum, state) => sum + line[state], 0);
}

/** One line over several, e.g. all sources. */
export function sumOf(lines: readonly LedgerLine[]): LedgerLine {
  const sum = (of: (line: LedgerLine) => number): number => lines.reduce((total, line) => total + of(line), 0);
  return {
    tenantId: null,
    sourceId: null,
    received: sum(({ received }) => received),
    ...(Object.fromEntries(LEDGER_STATES.map((state) => [state, sum((line) => line[state])])) as Record<LedgerState, number>),
  };
}
