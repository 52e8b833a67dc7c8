import { GATEWAY_SUBJECT, isJsonObject, type JsonObject } from '#core';
import { keepResult, readResult, setAlarm, takeTurn } from '#operator-events';
import { inTransaction, type Logger, type Metrics, type Pool } from '#platform';
import { balanceLedger, momentOf } from './balance-ledger.js';
import { FINDINGS, type Ledger, LEDGER_STATES, type LedgerFinding, MOST_IDS } from './ledger.js';
import { momentNow } from './pg-ledger-page.js';

const NAME = 'ledger';
const EVERY_SECONDS = 60;
/** A round takes this share of the time of one connection at most: after a long one the next comes later. */
const MOST_SHARE = 1 / 30;
/** How far a round looks back. Halved when one takes too long, doubled when one is short. */
const WINDOW_HOURS = { most: 24, least: 0.25 };
const LONG_SECONDS = 10;
const SHORT_SECONDS = 2;
/** Of what was found, how many are looked at again when they have become older than the hours that are looked at. */
const MOST_REMEMBERED = 20;

/**
 * The ledger of the last hours, worked out by one process a minute for all: as metrics, and as an alarm when it does not balance.
 */
export class WatchLedger {
  constructor(
    private readonly pool: Pool,
    private readonly metrics: Metrics,
    private readonly logger: Logger,
  ) {}

  async runOnce(): Promise<void> {
    if (await takeTurn(this.pool, NAME, EVERY_SECONDS)) await this.balance();
    await this.show();
  }

  private async balance(): Promise<void> {
    const before = await readResult(this.pool, NAME);
    const hours = numberIn(before, 'hours') ?? WINDOW_HOURS.most;
    try {
      await this.balanceLast(hours, before);
    } catch (error) {
      // It may have been too much at once: then it would be the next time as well.
      await keepResult(this.pool, NAME, { ...before, hours: Math.max(WINDOW_HOURS.least, hours / 2) }, EVERY_SECONDS);
      throw error;
    }
  }

  private async balanceLast(hours: number, before: JsonObject | null): Promise<void> {
    const began = performance.now();
    const since = (await momentNow(this.pool)) - hours * 3_600_000;
    const ledger = await balanceLedger(this.pool, { since, until: null });
    const older = await this.stillWrong(idsIn(before, 'ids').filter((id) => momentOf(id) < since));
    const findings = [...ledger.findings, ...older];
    const balanced = ledger.balanced && older.length === 0;
    const detail = { hours, ...contradictionsOf(findings) };
    const state = { alarm: 'ledger_unbalanced', subject: GATEWAY_SUBJECT, tenantId: null, raised: !balanced, detail } as const;
    const isChange = await inTransaction(this.pool, (client) => setAlarm(client, state));
    const seconds = (performance.now() - began) / 1000;
    const ids = findings.flatMap((finding) => finding.ids).slice(0, MOST_REMEMBERED);
    const result = { hours: nextHours(hours, seconds), unbalanced: unbalancedIn(findings), accounts: accountsOf(ledger), ids };
    await keepResult(this.pool, NAME, result, seconds / MOST_SHARE);
    if (isChange && !balanced)
      this.logger.error({ event: 'ledger', ...detail }, 'the ledger does not balance: leadgate ledger --since says what to do');
  }

  /** What was found before and lies behind the hours that are looked at now: it is not mended because it has become old. */
  private async stillWrong(ids: readonly string[]): Promise<readonly LedgerFinding[]> {
    const wrong: LedgerFinding[] = [];
    for (const id of ids) {
      const { findings } = await balanceLedger(this.pool, { since: momentOf(id), until: momentOf(id) + 1 });
      wrong.push(...findings.filter((finding) => finding.ids.includes(id)).map((finding) => ({ ...finding, count: 1, ids: [id] })));
    }
    return wrong;
  }

  private async show(): Promise<void> {
    const result = await readResult(this.pool, NAME);
    const { accounts = {} } = result ?? {};
    this.metrics.ledgerUnbalanced.set(numberIn(result, 'unbalanced') ?? 0);
    this.metrics.ledger.reset();
    if (!isJsonObject(accounts)) return;
    for (const [source, account] of Object.entries(accounts)) {
      if (!isJsonObject(account)) continue;
      for (const [state, leads] of Object.entries(account)) this.metrics.ledger.set({ source, state }, Number(leads));
    }
  }
}

function nextHours(hours: number, seconds: number): number {
  if (seconds > LONG_SECONDS) return Math.max(WINDOW_HOURS.least, hours / 2);
  return seconds < SHORT_SECONDS ? Math.min(WINDOW_HOURS.most, hours * 2) : hours;
}

function unbalancedIn(findings: readonly LedgerFinding[]): number {
  return findings.reduce((sum, { count }) => sum + count, 0);
}

function contradictionsOf(findings: readonly LedgerFinding[]): JsonObject {
  const codes: Record<string, number> = {};
  for (const { code, count } of findings) codes[code] = (codes[code] ?? 0) + count;
  const ids = findings.flatMap((finding) => finding.ids).slice(0, MOST_IDS);
  const [first] = findings;
  return first === undefined ? {} : { codes, ids, mend: FINDINGS[first.code].mend };
}

function accountsOf({ lines }: Ledger): JsonObject {
  return Object.fromEntries(
    lines.map((line) => [
      line.sourceId ?? 'unknown',
      { received: line.received, ...Object.fromEntries(LEDGER_STATES.map((state) => [state, line[state]])) },
    ]),
  );
}

function numberIn(result: JsonObject | null, name: string): number | undefined {
  const value = result?.[name];
  return typeof value === 'number' ? value : undefined;
}

function idsIn(result: JsonObject | null, name: string): readonly string[] {
  const value = result?.[name];
  return Array.isArray(value) ? value.filter((id) => typeof id === 'string') : [];
}
