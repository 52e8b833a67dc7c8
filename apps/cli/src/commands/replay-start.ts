import { type FailureClass, REPLAY_KINDS, type TenantId } from '#core';
import { momentNow } from '#ledger';
import type { Pool } from '#platform';
import { checkRequest, countCandidates, replayAsJson, type ReplayWish, startReplay, tenantExists } from '#replay';
import { type Call, type Command, CommandProblem, type Report, UsageProblem } from '../command.js';
import { settingsOf, withDatabase } from '../database.js';
import { momentOf } from '../period.js';
import { follow, inWords, reasonOf, reportOf } from '../replays.js';
import { table } from '../table.js';

/** Options with the member of the filter they fill. */
const LISTS = {
  status: 'status',
  'failure-class': 'failure_class',
  'reason-code': 'reason_codes',
  'hold-reason': 'hold_reason',
  verdict: 'verdict',
} as const;
const TEXTS = ['source', 'destination'] as const;
const MOMENTS = ['from', 'to'] as const;

export const replayStart: Command = {
  name: 'replay start',
  summary: 'take up many leads, or requests in quarantine, again; --dry-run only counts them',
  notes:
    'redeliver sends the same payload under the same key; reprocess decides anew with the active configuration; send_as_new makes a second effect;\n' +
    'release lets refused requests in. What is there now is written down and taken up at a rate that leaves room for fresh leads, by a running\n' +
    'gateway with role relay; a replay survives any crash and may be cancelled and resumed.',
  arguments: [{ name: 'KIND', summary: REPLAY_KINDS.join(', '), required: true }],
  options: {
    tenant: { value: 'ID', summary: 'whose leads' },
    reason: { value: 'TEXT', summary: 'why; it stands in the audit trail, so it names nobody' },
    status: { value: 'STATUS', summary: 'only leads with this status; PERMANENTLY_FAILED for redeliver unless told', many: true },
    'failure-class': { value: 'CLASS', summary: 'only leads of which a delivery failed for good for this', many: true },
    'reason-code': { value: 'CODE', summary: 'only leads with this reason code', many: true },
    'hold-reason': { value: 'REASON', summary: 'only leads that are held for this', many: true },
    verdict: { value: 'VERDICT', summary: 'for release: only requests that were refused for this', many: true },
    source: { value: 'ID', summary: 'only what came to this source: <tenant>/<name>' },
    destination: { value: 'ID', summary: 'only deliveries to this destination: <tenant>/<name>' },
    from: { value: 'MOMENT', summary: 'received at or after: a time ago (90m, 24h, 7d) or a date' },
    to: { value: 'MOMENT', summary: 'received before' },
    rate: { value: 'N', summary: "how many a second; a fifth of the destination's rate unless told, or LEADGATE_REPLAY_PER_SECOND" },
    'dry-run': { summary: 'only count' },
    'no-follow': { summary: 'do not stay to show how far it is' },
  },
  async run(call) {
    const settings = settingsOf(call.world);
    return withDatabase(settings, async (pool) => {
      const { wish, rate } = requestOf(call, await momentNow(pool));
      if (!(await tenantExists(pool, wish.tenantId)))
        throw new CommandProblem(`There is no tenant ${wish.tenantId}. \`leadgate config list\` names them.`);
      if (call.value('dry-run') !== undefined) return count(pool, wish);
      const terms = { requestedBy: 'cli', ratePerSecond: rate, usualPerSecond: settings.replay.perSecond } as const;
      const replay = await startReplay(pool, wish, terms);
      if (call.value('no-follow') !== undefined) {
        const text = `${inWords(replay)}\nNext: leadgate replay show ${replay.id}`;
        return { exitCode: 0, text, json: { ok: true, ...replayAsJson(replay) } };
      }
      return reportOf(await follow(pool, replay.id, call.world));
    });
  },
};

/** @param now in milliseconds since 1970 */
function requestOf(call: Call, now: number): { wish: ReplayWish; rate: number | null } {
  const tenant = call.value('tenant');
  if (tenant === undefined) throw new UsageProblem('`leadgate replay start` needs --tenant ID: whose leads are meant.');
  const filter: Record<string, string | readonly string[]> = {};
  for (const [option, member] of Object.entries(LISTS)) {
    const values = call.values(option).flatMap((text) => text.split(','));
    if (values.length > 0) filter[member] = values;
  }
  for (const option of TEXTS) {
    const value = call.value(option);
    if (value !== undefined) filter[option] = value;
  }
  for (const option of MOMENTS) {
    const value = call.value(option);
    if (value !== undefined) filter[option] = new Date(momentOf(option, value, now)).toISOString();
  }
  const rate = call.value('rate');
  const checked = checkRequest({
    kind: call.argument('KIND'),
    filter,
    // Of what is only counted nothing is recorded.
    reason: call.value('dry-run') === undefined ? reasonOf(call) : (call.value('reason') ?? 'dry run'),
    ...(rate === undefined ? {} : { rate_per_second: Number(rate) }),
  });
  if ('problems' in checked) throw new UsageProblem(checked.problems.join('\n'));
  const { kind, reason, rate_per_second: perSecond } = checked.request;
  return { wish: { tenantId: tenant as TenantId, kind, filter: { ...checked.request.filter }, reason }, rate: perSecond ?? null };
}

const MISSING_FIELD: FailureClass = 'missing_field';
const NEVER_MAPPED = `Of those with ${MISSING_FIELD}, what was never mapped has nothing to redeliver and is passed over: mend the mapping or the rules, then reprocess them.`;

async function count(pool: Pool, wish: ReplayWish): Promise<Report> {
  const { total, groups } = await countCandidates(pool, wish);
  const rows = groups.map(({ status, because, count: n }) => [status, because ?? '', `${n}`]);
  const what = wish.kind === 'release' ? 'requests' : 'leads';
  const text = [
    `${wish.kind} would take up ${total} ${total === 1 ? what.slice(0, -1) : what}. Nothing was done.`,
    ...(rows.length === 0 ? [] : [table([['status', 'because', what], ...rows])]),
    ...(wish.kind === 'redeliver' && groups.some(({ because }) => because === MISSING_FIELD) ? [NEVER_MAPPED] : []),
  ];
  return { exitCode: 0, text: text.join('\n'), json: { ok: true, dry_run: true, kind: wish.kind, total, groups } };
}
