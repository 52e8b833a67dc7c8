import { SKIP_CAUSES, type SkipCause } from '#core';
import type { Pool } from '#platform';
import { etaSecondsOf, findReplay, type Replay, replayAsJson, type ReplayId } from '#replay';
import { type Call, CommandProblem, type Report, UsageProblem, type World } from './command.js';
import { table } from './table.js';

const LOOK_EVERY_MS = 500;
/** Without any progress for so long, nobody works on it. */
const IDLE_MS = 10_000;
const WIDTH = 30;

/** @throws UsageProblem: whatever takes leads up again says why */
export function reasonOf(call: Call): string {
  const reason = call.value('reason');
  if (reason === undefined) {
    throw new UsageProblem(
      'Say why, for the audit trail: --reason TEXT, 3 to 200 characters without e-mail addresses and phone numbers: it stays when a lead is erased.',
    );
  }
  return reason;
}

export function replayIdOf(text: string): ReplayId {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text))
    throw new UsageProblem(`"${text}" is no id of a replay; \`leadgate replay list\` shows them.`);
  return text.toLowerCase() as ReplayId;
}

export function known(replay: Replay | undefined, id: ReplayId): Replay {
  if (replay === undefined) throw new CommandProblem(`There is no replay ${id}. \`leadgate replay list\` shows them.`);
  return replay;
}

export function reportOf(replay: Replay): Report {
  return { exitCode: 0, text: inWords(replay), json: { ok: true, ...replayAsJson(replay) } };
}

export function inWords(replay: Replay): string {
  const { id, kind, tenantId, status, reason, requestedBy, ratePerSecond, skippedBecause } = replay;
  const because = (Object.entries(skippedBecause) as [SkipCause, number][]).map(([cause, n]) => [`  ${cause}`, `${n}`, SKIP_CAUSES[cause]]);
  return [
    `${kind} ${id} of ${tenantId}: ${status}`,
    progressBar(replay),
    `at ${ratePerSecond} a second, for ${requestedBy}: ${reason}`,
    ...(because.length === 0 ? [] : [`passed over: ${replay.skipped}`, table(because)]),
    ...(status === 'CANCELLED' ? [`It goes on with: leadgate replay resume ${id}`] : []),
  ].join('\n');
}

/** `[#########---------------------] 30 %  1234 of 4113, 12 passed over, 58 s left` */
export function progressBar(replay: Replay): string {
  if (replay.status === 'COLLECTING') return `[${'-'.repeat(WIDTH)}] looking for what it is about: ${replay.total} so far`;
  const done = replay.replayed + replay.skipped;
  const share = replay.total === 0 ? 1 : done / replay.total;
  const filled = Math.floor(share * WIDTH);
  const eta = etaSecondsOf(replay);
  const left = eta === null ? '' : `, ${eta} s left`;
  return `[${'#'.repeat(filled)}${'-'.repeat(WIDTH - filled)}] ${Math.floor(share * 100)} %  ${done} of ${replay.total}, ${replay.skipped} passed over${left}`;
}

/** Until it is over, or nobody works on it. */
export async function follow(pool: Pool, id: ReplayId, world: World): Promise<Replay> {
  let [seen, movedAt] = ['', performance.now()];
  for (;;) {
    const replay = known(await findReplay(pool, id, null), id);
    const bar = progressBar(replay);
    if (bar !== seen) {
      world.complain(`\r${bar}\u001b[K`);
      [seen, movedAt] = [bar, performance.now()];
    }
    const isOver = replay.status === 'FINISHED' || replay.status === 'CANCELLED';
    const isIdle = performance.now() - movedAt > Math.max(IDLE_MS, 2000 / replay.ratePerSecond);
    if (isOver || isIdle) world.complain('\n');
    if (isIdle && !isOver) world.complain(nobodyWorks(id));
    if (isOver || isIdle) return replay;
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

function nobodyWorks(id: ReplayId): string {
  return (
    'Nothing moved for a while: replays are taken up by a running gateway with role relay. Start one (npm start); what was asked for is ' +
    `in Postgres and waits. Then: leadgate replay show ${id}\n`
  );
}
