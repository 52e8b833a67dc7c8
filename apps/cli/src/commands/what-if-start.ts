import type { TenantId } from '#core';
import { momentNow } from '#ledger';
import { BASELINES, type Baseline, whatIfAnswer, type WhatIfWish } from '#what-if';
import { type Call, type Command, UsageProblem } from '../command.js';
import { momentOf } from '../period.js';
import { watchWhatIf, whatIfInWords, withWhatIfs } from '../what-ifs.js';

export const whatIfStart: Command = {
  name: 'what-if start',
  summary: 'try a version that is not active on the leads of a period; nothing is decided, claimed or sent by it',
  notes:
    'A running gateway with role relay does it, behind fresh leads. Both versions are run anew over the same leads, so that what comes out is\n' +
    "the draft's doing alone; --baseline recorded holds it against what was decided when the leads came. Leads of the duplicate window before\n" +
    '--from are run as well, for the identities they hold.',
  options: {
    tenant: { value: 'ID', summary: 'whose configuration' },
    draft: { value: 'N', summary: 'number of the version; `leadgate config draft FILE` makes one' },
    from: { value: 'MOMENT', summary: 'leads received at or after: a time ago (90m, 24h, 7d) or a date' },
    to: { value: 'MOMENT', summary: 'leads received before; now unless told' },
    source: { value: 'NAME', summary: 'only leads of this source of the tenant' },
    limit: { value: 'N', summary: 'only the first so many leads' },
    baseline: { value: 'NAME', summary: `${BASELINES.join(' or ')}; active unless told` },
    'warm-up-hours': { value: 'N', summary: 'hours before --from instead of the duplicate window' },
    watch: { summary: 'stay and show how far it is' },
  },
  async run(call) {
    return withWhatIfs(call.world, async (whatIfs, pool) => {
      const result = await whatIfs.start(wishOf(call, await momentNow(pool)));
      if (result.kind === 'refused') {
        const text = ['Nothing was started:', ...result.problems.map((problem) => `  - ${problem}`)].join('\n');
        return { exitCode: 1, text, json: { ok: false, problems: result.problems } };
      }
      const { whatIf } = result;
      if (call.value('watch') !== undefined) {
        const run = await watchWhatIf(whatIfs, whatIf.id, call.world);
        return {
          exitCode: run.status === 'FINISHED' ? 0 : 1,
          text: whatIfInWords(run),
          json: { ok: run.status === 'FINISHED', ...whatIfAnswer(run) },
        };
      }
      const text = `What-if ${whatIf.id} is under way over ${whatIf.total} leads. Next: leadgate what-if show ${whatIf.id}`;
      return { exitCode: 0, text, json: { ok: true, ...whatIfAnswer(whatIf) } };
    });
  },
};

/** @param now in milliseconds since 1970 */
function wishOf(call: Call, now: number): WhatIfWish {
  const baseline = call.value('baseline') ?? 'active';
  if (!(BASELINES as readonly string[]).includes(baseline)) throw new UsageProblem(`--baseline is ${BASELINES.join(' or ')}.`);
  const to = call.value('to');
  return {
    tenantId: needed(call, 'tenant') as TenantId,
    draft: wholeNumber('draft', needed(call, 'draft')),
    baseline: baseline as Baseline,
    from: new Date(momentOf('from', needed(call, 'from'), now)),
    to: to === undefined ? null : new Date(momentOf('to', to, now)),
    source: call.value('source') ?? null,
    limit: optionalNumber(call, 'limit'),
    warmUpHours: optionalNumber(call, 'warm-up-hours', 0),
    actor: 'cli',
  };
}

function needed(call: Call, option: string): string {
  const value = call.value(option);
  if (value === undefined)
    throw new UsageProblem(`\`leadgate what-if start\` needs --${option}; \`leadgate what-if start --help\` says what it is.`);
  return value;
}

function optionalNumber(call: Call, option: string, least = 1): number | null {
  const value = call.value(option);
  return value === undefined ? null : wholeNumber(option, value, least);
}

function wholeNumber(option: string, text: string, least = 1): number {
  const [, digits] = /^v?(\d{1,9})$/.exec(text) ?? [];
  if (digits === undefined || Number(digits) < least) throw new UsageProblem(`--${option} is a whole number from ${least}, not "${text}".`);
  return Number(digits);
}
