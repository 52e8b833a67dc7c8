import { configFolderOf, type Pool, ReadFiles, type Settings } from '#platform';
import { leadsPerSecond, PgWhatIfs, type WhatIf } from '#what-if';
import { CommandProblem, UsageProblem, type World } from './command.js';
import { settingsOf, withDatabase } from './database.js';
import { table } from './table.js';
import { configJudges } from './tenant-files.js';

const LOOK_EVERY_MS = 1000;
const WIDTH = 30;

export function withWhatIfs<Result>(world: World, work: (whatIfs: PgWhatIfs, pool: Pool) => Promise<Result>): Promise<Result> {
  const settings = settingsOf(world);
  return withDatabase(settings, (pool) => work(whatIfsOver(pool, settings, world), pool));
}

function whatIfsOver(pool: Pool, settings: Settings, world: World): PgWhatIfs {
  return new PgWhatIfs(pool, () => ({ ...configJudges(world), readFile: new ReadFiles(configFolderOf(settings.files.config)).read }));
}

/** @throws CommandProblem when there is no such run */
export async function findWhatIf(whatIfs: PgWhatIfs, id: string): Promise<WhatIf> {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id))
    throw new UsageProblem('ID is the id of a what-if; `leadgate what-if list` shows them.');
  const run = await whatIfs.find('every_tenant', id.toLowerCase());
  if (run === undefined) throw new CommandProblem(`There is no what-if ${id}. \`leadgate what-if list\` shows those there are.`);
  return run;
}

/** `[#####-----] 16 %  160 of 1000 leads, 412/s`. */
export function whatIfBar(run: WhatIf): string {
  const share = run.total === 0 ? 1 : Math.min(1, run.done / run.total);
  const filled = Math.floor(share * WIDTH);
  const before = run.done === 0 && run.summary.notCompared > 0 ? `, ${run.summary.notCompared} before the period` : '';
  return `[${'#'.repeat(filled)}${'-'.repeat(WIDTH - filled)}] ${Math.floor(share * 100)} %  ${run.done} of ${run.total} leads, ${leadsPerSecond(run)}/s${before}`;
}

/** Shows the bar until the run has ended. */
export async function watchWhatIf(whatIfs: PgWhatIfs, id: string, world: World): Promise<WhatIf> {
  for (;;) {
    const run = await findWhatIf(whatIfs, id);
    const hasEnded = run.status !== 'RUNNING';
    world.complain(`\r${whatIfBar(run)}${hasEnded ? '\n' : ''}`);
    if (hasEnded) return run;
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

/** What a run found, as tables. */
export function whatIfInWords(run: WhatIf): string {
  const { filter, summary } = run;
  const period = `${filter.from.toISOString()} to ${filter.to.toISOString()}${filter.source === null ? '' : `, source ${filter.source}`}`;
  const against = run.baseline === 'active' ? `version ${run.comparedVersion}, run anew` : 'what was recorded';
  const counts = [
    ...Object.entries(summary.decisions).map(([change, leads]) => [`decision: ${change}`, `${leads}`]),
    ...Object.entries(summary.duplicates)
      .filter(([, leads]) => leads > 0)
      .map(([which, leads]) => [`duplicates: ${which}`, `${leads}`]),
    ...Object.entries(summary.routes).flatMap(([destination, { more, fewer }]) => [
      ...(more > 0 ? [[`route: also to ${destination}`, `${more}`]] : []),
      ...(fewer > 0 ? [[`route: not to ${destination} any more`, `${fewer}`]] : []),
    ]),
    ...Object.entries(summary.payloads).flatMap(([destination, fields]) =>
      Object.entries(fields).map(([field, leads]) => [`payload of ${destination}: ${field}`, `${leads}`]),
    ),
  ];
  const lines = [
    `What-if ${run.id}: version ${run.draftVersion} of ${run.tenantId} against ${against}, ${period}.`,
    `${run.status}: ${whatIfBar(run)}`,
    ...(run.problem === null ? [] : [run.problem]),
    summary.changed === 0
      ? 'The draft changes nothing so far.'
      : `The draft changes something for ${summary.changed} ${summary.changed === 1 ? 'lead' : 'leads'}:`,
    ...(counts.length === 0 ? [] : [table([['what', 'leads'], ...counts])]),
    ...(summary.recordedOtherwise === 0
      ? []
      : [
          `Apart from the draft: the active version would decide ${summary.recordedOtherwise} of these leads otherwise than was recorded when they came.`,
        ]),
    ...(summary.poison + summary.broken === 0
      ? []
      : [`Not compared: ${summary.poison} held as poison, ${summary.broken} over which a stage broke down.`]),
    ...(run.promotedAt === null ? [] : [`Promoted ${run.promotedAt.toISOString()}.`]),
  ];
  return lines.join('\n');
}
