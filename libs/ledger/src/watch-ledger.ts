import { GATEWAY_SUBJECT, isJsonObject, type JsonObject } from '#core';
import { keepResult, readResult, setAlarm, takeTurn } from '#operator-events';
import { inTransaction, type Logger, type Metrics, type Pool } from '#platform';
import { balanceLedger } from './balance-ledger.js';
import { FINDINGS, type Ledger, LEDGER_STATES, MOST_IDS } from './ledger.js';
import { momentNow } from './pg-ledger-page.js';

const NAME = 'ledger';
const EVERY_SECONDS = 60;
/** A round takes this share of the time of one connection at most: after a long one the next comes later. */
const MOST_SHARE = 1 / 30;
/** How far a round looks back. Halved when one takes too long, doubled when one is short. */
const WINDOW_HOURS = { most: 24, least: 0.25 };
const LONG_SECONDS = 10;
const SHORT_SECONDS = 2;

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
    const began = performance.now();
    const hours = numberIn(await readResult(this.pool, NAME), 'hours') ?? WINDOW_HOURS.most;
    const since = (await momentNow(this.pool)) - hours * 3_600_000;
    const ledger = await balanceLedger(this.pool, { since, until: null });
    const detail = { hours, ...contradictionsOf(ledger) };
    await inTransaction(this.pool, (client) =>
      setAlarm(client, { alarm: 'ledger_unbalanced', subject: GATEWAY_SUBJECT, tenantId: null, raised: !ledger.balanced, detail }),
    );
    const seconds = (performance.now() - began) / 1000;
    const result = { hours: nextHours(hours, seconds), unbalanced: unbalancedIn(ledger), accounts: accountsOf(ledger) };
    await keepResult(this.pool, NAME, result, seconds / MOST_SHARE);
    if (!ledger.balanced)
      this.logger.error({ event: 'ledger', ...detail }, 'the ledger does not balance: leadgate ledger --since says what to do');
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

function unbalancedIn({ findings }: Ledger): number {
  return findings.reduce((sum, { count }) => sum + count, 0);
}

function contradictionsOf({ findings }: Ledger): JsonObject {
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
