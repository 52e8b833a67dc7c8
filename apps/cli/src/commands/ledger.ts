import type { SourceId, TenantId } from '#core';
import {
  accountedFor,
  balanceLedger,
  FINDINGS,
  type Ledger,
  LEDGER_STATES,
  type LedgerFinding,
  type LedgerLine,
  momentNow,
  sumOf,
} from '#ledger';
import { type Call, type Command, UsageProblem } from '../command.js';
import { settingsOf, withDatabase } from '../database.js';
import { momentOf } from '../period.js';
import { table } from '../table.js';

/** A page takes half a second; a busy machine may need longer. */
const STATEMENT_LIMIT_MS = 300_000;
const PROGRESS_EVERY_MS = 1000;

export const ledger: Command = {
  name: 'ledger',
  summary: 'for each source, what came in and what became of it; exit code 1 if it does not add up',
  notes:
    'received = delivered + rejected + duplicate + held + dead-lettered + in flight + kept + erased + quarantined.\n' +
    'What was received is counted in the audit trail, what became of it in the tables; leads, deliveries, attempts and requests are compared one by one too.\n' +
    'A period is compared as it stands now: a lead that came in within it counts where it is today. Refused requests leave the quarantine after LEADGATE_QUARANTINE_DAYS.',
  options: {
    since: { value: 'TIME', summary: 'from when on: a time ago (90m, 24h, 7d) or a date; 24h unless told' },
    until: { value: 'TIME', summary: 'up to when; now unless told' },
    tenant: { value: 'ID', summary: 'only the sources of this tenant' },
    source: { value: 'ID', summary: 'only this source, e.g. demo/webhook' },
  },
  async run(call) {
    const { since, until, result } = await withDatabase(settingsOf(call.world), (pool) => balance(call, pool), {
      statementTimeoutMs: STATEMENT_LIMIT_MS,
    });
    const period = { since: new Date(since).toISOString(), until: new Date(until).toISOString() };
    return { exitCode: result.balanced ? 0 : 1, text: inWords(period, result), json: asJson(period, result) };
  },
};

async function balance(call: Call, pool: Parameters<typeof balanceLedger>[0]) {
  const now = await momentNow(pool);
  const since = momentOf('since', call.value('since') ?? '24h', now);
  const wanted = call.value('until');
  const until = wanted === undefined ? null : momentOf('until', wanted, now);
  if (since >= (until ?? now)) throw new UsageProblem('--since must be before --until, and before now.');
  let saidAt = performance.now();
  const result = await balanceLedger(
    pool,
    { since, until },
    {
      filter: { tenantId: call.value('tenant') as TenantId | undefined, sourceId: call.value('source') as SourceId | undefined },
      onProgress: (leads, reached) => {
        if (performance.now() - saidAt < PROGRESS_EVERY_MS) return;
        saidAt = performance.now();
        const share = Math.min(1, Math.max(0, (reached - since) / ((until ?? now) - since)));
        call.world.complain(`${leads} leads, ${Math.floor(share * 100)} % of the time\n`);
      },
    },
  );
  return { since, until: until ?? now, result };
}

const HEADS = { dead_lettered: 'dead-lettered', in_flight: 'in flight' } as const;
const headOf = (state: string): string => HEADS[state as keyof typeof HEADS] ?? state;

function inWords({ since, until }: { since: string; until: string }, { lines, findings, balanced }: Ledger): string {
  const period = `${since} to ${until}`;
  if (lines.length === 0 && balanced) return `Nothing came in from ${period}.`;
  const row = (name: string, line: LedgerLine): string[] => [
    name,
    `${line.received}`,
    ...LEDGER_STATES.map((state) => `${line[state]}`),
    sumWord(line),
  ];
  const rows = [
    ['source', 'received =', ...LEDGER_STATES.map(headOf), ''],
    ...lines.map((line) => row(line.sourceId ?? '(no source)', line)),
    ...(lines.length > 1 ? [row('all', sumOf(lines))] : []),
  ];
  return [`${period}`, '', table(rows), '', balanced ? 'It adds up.' : 'IT DOES NOT ADD UP:', ...findings.flatMap(findingLines)].join('\n');
}

function sumWord(line: LedgerLine): string {
  const missing = line.received - accountedFor(line);
  if (missing === 0) return '';
  return missing > 0 ? `${missing} MISSING` : `${-missing} TOO MANY`;
}

function findingLines({ code, sourceId, count, ids }: LedgerFinding): string[] {
  const { says, mend } = FINDINGS[code];
  const what = code === 'request_without_lead' ? (count === 1 ? 'request' : 'requests') : count === 1 ? 'lead' : 'leads';
  return [
    '',
    `${count} ${what} of ${sourceId ?? 'no source'} (${code}): each ${says}.`,
    `→ ${mend}`,
    ...ids.map((id) => `  ${id}`),
    ...(count > ids.length ? [`  and ${count - ids.length} more`] : []),
  ];
}

function asJson(period: { since: string; until: string }, { lines, findings, balanced }: Ledger): object {
  const lineOf = (line: LedgerLine): object => ({
    tenant: line.tenantId,
    source: line.sourceId,
    received: line.received,
    ...Object.fromEntries(LEDGER_STATES.map((state) => [state, line[state]])),
    difference: line.received - accountedFor(line),
  });
  return {
    ...period,
    balanced,
    sources: lines.map(lineOf),
    all: lineOf(sumOf(lines)),
    findings: findings.map(({ code, tenantId, sourceId, count, ids }) => ({
      code,
      tenant: tenantId,
      source: sourceId,
      count,
      ids,
      ...FINDINGS[code],
    })),
  };
}
