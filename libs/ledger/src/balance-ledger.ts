import { firstIdAt, type SourceId, type TenantId } from '#core';
import type { Pool } from '#platform';
import {
  accountedFor,
  type FindingCode,
  type Ledger,
  LEDGER_STATES,
  type LedgerFinding,
  type LedgerLine,
  type LedgerState,
  MOST_IDS,
} from './ledger.js';
import { endOfPage, type LedgerGroup, readPage } from './pg-ledger-page.js';

export interface LedgerPeriod {
  /** Milliseconds since 1970. */
  readonly since: number;
  /** null: up to the newest. */
  readonly until: number | null;
}

/** Which accounts are wanted; absent: all. */
export interface LedgerFilter {
  readonly tenantId?: TenantId | undefined;
  readonly sourceId?: SourceId | undefined;
}

/** @param leads accounted for so far @param reached up to which moment, in milliseconds since 1970 */
export type OnProgress = (leads: number, reached: number) => void;

/** Leads read in one statement: under a second of one connection on a busy machine of two cores (measured with 100,000 leads, 400,000 events). */
const PAGE_LEADS = 10_000;
const AFTER_ALL = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

/**
 * The account of a period. Reads in pages, each as it was at one moment, so it neither holds a snapshot for long nor takes a change for a
 * contradiction; memory does not grow with the period.
 */
export async function balanceLedger(
  pool: Pool,
  { since, until }: LedgerPeriod,
  { filter = {}, onProgress = () => {} }: { readonly filter?: LedgerFilter; readonly onProgress?: OnProgress } = {},
): Promise<Ledger> {
  const before = until === null ? AFTER_ALL : firstIdAt(until);
  const sum = new LedgerSum(filter);
  let from = firstIdAt(since);
  while (from < before) {
    const end = await endOfPage(pool, { from, before }, PAGE_LEADS);
    sum.add(await readPage(pool, { from, before: end }));
    from = end;
    onProgress(sum.leads, end === AFTER_ALL ? Number.POSITIVE_INFINITY : momentOf(end));
  }
  return sum.ledger();
}

/** When the id was made, in milliseconds since 1970. */
export function momentOf(id: string): number {
  return Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16);
}

type Account = Record<LedgerState | 'received', number>;

class LedgerSum {
  leads = 0;
  private readonly lines = new Map<string, Pick<LedgerLine, 'tenantId' | 'sourceId'> & { readonly account: Account }>();
  private readonly findings = new Map<string, LedgerFinding>();

  constructor(private readonly filter: LedgerFilter) {}

  add(groups: readonly LedgerGroup[]): void {
    for (const group of groups) {
      if (group.state !== 'quarantined') this.leads += group.counted;
      if (!this.wants(group)) continue;
      const account = this.accountOf(group);
      account.received += group.received;
      if (group.state !== null) account[group.state] += group.counted;
      if (group.finding !== null) this.find(group.finding, group);
    }
  }

  ledger(): Ledger {
    const lines = [...this.lines.values()]
      .map(({ tenantId, sourceId, account }) => ({ tenantId, sourceId, ...account }))
      .sort((a, b) => (placeOf(a) < placeOf(b) ? -1 : 1));
    const findings = [...this.findings.values()];
    return { lines, findings, balanced: findings.length === 0 && lines.every((line) => line.received === accountedFor(line)) };
  }

  private wants({ tenantId, sourceId }: LedgerGroup): boolean {
    const { filter } = this;
    return (
      (filter.tenantId === undefined || filter.tenantId === tenantId) && (filter.sourceId === undefined || filter.sourceId === sourceId)
    );
  }

  private accountOf(group: LedgerGroup): Account {
    const key = placeOf(group);
    const known = this.lines.get(key);
    if (known !== undefined) return known.account;
    const account = Object.fromEntries(['received' as const, ...LEDGER_STATES].map((state) => [state, 0])) as Account;
    this.lines.set(key, { tenantId: group.tenantId, sourceId: group.sourceId, account });
    return account;
  }

  private find(code: FindingCode, group: LedgerGroup): void {
    const key = `${code} ${placeOf(group)}`;
    const known = this.findings.get(key);
    this.findings.set(key, {
      code,
      tenantId: group.tenantId,
      sourceId: group.sourceId,
      count: (known?.count ?? 0) + group.rows,
      ids: [...(known?.ids ?? []), ...group.ids].slice(0, MOST_IDS),
    });
  }
}

/** Sorts what nobody could be named for last. */
function placeOf({ tenantId, sourceId }: Pick<LedgerLine, 'tenantId' | 'sourceId'>): string {
  return `${tenantId ?? '\uffff'} ${sourceId ?? '\uffff'}`;
}
