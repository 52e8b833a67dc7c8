import { DIFFERENCE_KINDS, type DifferenceKind, differenceAnswer, type LeadDifference, whatIfAnswer } from '#what-if';
import { type Call, type Command, UsageProblem } from '../command.js';
import { table } from '../table.js';
import { findWhatIf, watchWhatIf, whatIfInWords, withWhatIfs } from '../what-ifs.js';

const USUAL_ROWS = 20;
const MOST_ROWS = 10_000;

export const whatIfShow: Command = {
  name: 'what-if show',
  summary: 'how far a what-if is, what the draft would change, and for which leads',
  arguments: [{ name: 'ID', summary: 'of the what-if', required: true }],
  options: {
    kind: { value: 'KIND', summary: `only differences of this kind: ${DIFFERENCE_KINDS.join(', ')}` },
    limit: { value: 'N', summary: `so many differences; ${USUAL_ROWS} unless told, 0: none` },
    watch: { summary: 'stay until it has ended' },
  },
  async run(call) {
    const [kind, limit] = [kindOf(call), limitOf(call)];
    return withWhatIfs(call.world, async (whatIfs) => {
      const found = await findWhatIf(whatIfs, call.argument('ID'));
      const run = call.value('watch') === undefined ? found : await watchWhatIf(whatIfs, found.id, call.world);
      const { differences, next } =
        limit === 0
          ? { differences: [], next: null }
          : await whatIfs.differences(run.id, { ...(kind === undefined ? {} : { kind }), limit });
      const more = next === null ? [] : [`… and more: --limit, or GET /v1/what-ifs/${run.id}/differences`];
      return {
        exitCode: run.status === 'FAILED' ? 1 : 0,
        text: [whatIfInWords(run), ...(differences.length === 0 ? [] : ['', inWords(differences)]), ...more].join('\n'),
        json: { ...whatIfAnswer(run), differences: differences.map(differenceAnswer) },
      };
    });
  },
};

function inWords(differences: readonly LeadDifference[]): string {
  return table([
    ['lead', 'what', 'before', 'after'],
    ...differences.map(({ leadId, kind, subject, before, after }) => [
      leadId,
      subject === '' ? kind : `${kind} ${subject}`,
      JSON.stringify(before),
      JSON.stringify(after),
    ]),
  ]);
}

function kindOf(call: Call): DifferenceKind | undefined {
  const kind = call.value('kind');
  if (kind !== undefined && !(DIFFERENCE_KINDS as readonly string[]).includes(kind))
    throw new UsageProblem(`--kind is one of ${DIFFERENCE_KINDS.join(', ')}.`);
  return kind as DifferenceKind | undefined;
}

function limitOf(call: Call): number {
  const limit = call.value('limit') ?? `${USUAL_ROWS}`;
  if (!/^\d{1,5}$/.test(limit) || Number(limit) > MOST_ROWS) throw new UsageProblem(`--limit is a number from 0 to ${MOST_ROWS}.`);
  return Number(limit);
}
