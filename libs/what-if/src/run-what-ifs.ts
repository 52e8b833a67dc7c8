import type { ConfigVersionId, ResolvedConfig } from '#core';
import type { KeyRings } from '#keys';
import type { LoadedLead, PipelineOverClaims } from '#pipeline';
import { decideDifferences, decideDrift } from './decide-differences.js';
import { HeldClaims } from './held-claims.js';
import { runVersion } from './run-version.js';
import { summarise } from './summarise.js';
import type { Told } from './told.js';
import type { Difference, LeadDifference, WhatIf, WhatIfSummary } from './what-if.js';
import type { VersionName, WhatIfLead, WhatIfStep, WhatIfSteps } from './what-if-steps.port.js';

/** Reads any version as this process would use it; undefined when there is none. */
export type ReadVersion = (id: ConfigVersionId) => Promise<ResolvedConfig | { readonly problems: readonly string[] } | undefined>;

/** Leads of one step: a transaction of some 20 ms. */
const STEP_LEADS = 50;
/** A round is asked for once a second and takes most of it; between its steps it rests as long as each of them took. */
const ROUND_MS = 800;

/**
 * Runs what-ifs step by step: both versions over the same leads, in the order in which they came, by the pipeline that decides real ones.
 * Nothing is written but the run's own rows. It works at most half of the time, and a single step a round while fresh leads wait.
 */
export class RunWhatIfs {
  /** Of the runs under way: reading one takes as long as deciding some leads. */
  private readonly versions = new Map<ConfigVersionId, ResolvedConfig>();

  constructor(
    private readonly steps: WhatIfSteps,
    private readonly pipeline: PipelineOverClaims,
    private readonly rings: KeyRings,
    private readonly readVersion: ReadVersion,
  ) {}

  /** One round. @returns whether there was something to do */
  async runOnce(): Promise<boolean> {
    await this.steps.forgetClaims();
    const until = performance.now() + ROUND_MS;
    for (;;) {
      const began = performance.now();
      if (!(await this.steps.next((step) => this.take(step)))) {
        this.versions.clear();
        return false;
      }
      const took = performance.now() - began;
      if (performance.now() + took > until || (await this.steps.freshLeadsWait())) return true;
      await new Promise((resolve) => setTimeout(resolve, took));
    }
  }

  private async take(step: WhatIfStep): Promise<void> {
    const { run } = step;
    const [compared, draft] = await Promise.all([this.version(run.comparedId), this.version(run.draftId)]);
    const problems = [...problemsOf(`version ${run.comparedVersion}`, compared), ...problemsOf(`the draft ${run.draftVersion}`, draft)];
    if ('config' in compared && 'config' in draft) await this.compare(step, { compared, draft });
    else await step.fail(`This process cannot use ${problems.join('; ')}`);
  }

  private async compare(step: WhatIfStep, versions: Record<VersionName, ResolvedConfig>): Promise<void> {
    const { run } = step;
    const loaded = await step.leads(STEP_LEADS);
    const leads = upTo(loaded, run);
    const healthy = leads.filter(({ isPoison }) => !isPoison).map(({ lead }) => lead);
    const compared = await this.runOne(step, healthy, 'compared', versions.compared);
    const draft = await this.runOne(step, healthy, 'draft', versions.draft);
    let summary = run.summary;
    const differences: LeadDifference[] = [];
    for (const one of leads) {
      const { id } = one.lead;
      const found = verdictOn(run, one, compared.told.get(id) ?? null, draft.told.get(id) ?? null);
      summary = typeof found === 'string' ? { ...summary, [found]: summary[found] + 1 } : summarise(summary, found);
      if (typeof found !== 'string') differences.push(...found.map((difference) => ({ leadId: id, ...difference })));
    }
    const done = run.done + leads.filter(({ isCompared }) => isCompared).length;
    await step.write({
      lastLeadId: leads.at(-1)?.lead.id ?? null,
      done,
      summary,
      differences,
      claims: [
        { version: 'compared', claims: compared.held.fresh },
        { version: 'draft', claims: draft.held.fresh },
      ],
      isLast: loaded.length < STEP_LEADS || done >= (run.filter.limit ?? Infinity),
    });
  }

  private runOne(step: WhatIfStep, leads: readonly LoadedLead[], name: VersionName, config: ResolvedConfig): ReturnType<typeof runVersion> {
    return runVersion(leads, config, {
      pipeline: this.pipeline,
      rings: this.rings,
      heldOf: async (fingerprints) => new HeldClaims(await step.held(name, fingerprints)),
    });
  }

  private async version(id: ConfigVersionId): Promise<ResolvedConfig | { readonly problems: readonly string[] }> {
    const known = this.versions.get(id);
    if (known !== undefined) return known;
    const read = (await this.readVersion(id)) ?? { problems: ['it is gone'] };
    if ('config' in read) this.versions.set(id, read);
    return read;
  }
}

function problemsOf(name: string, version: ResolvedConfig | { readonly problems: readonly string[] }): string[] {
  return 'problems' in version ? version.problems.map((problem) => `${name}: ${problem}`) : [];
}

/** No more than the run is to compare. */
function upTo(leads: readonly WhatIfLead[], { filter: { limit }, done }: WhatIf): readonly WhatIfLead[] {
  if (limit === null) return leads;
  let compared = done;
  const end = leads.findIndex(({ isCompared }) => isCompared && ++compared > limit);
  return end === -1 ? leads : leads.slice(0, end);
}

type Counted = Extract<keyof WhatIfSummary, 'notCompared' | 'poison' | 'broken'>;

function verdictOn({ baseline }: WhatIf, lead: WhatIfLead, compared: Told | null, draft: Told | null): Difference[] | Counted {
  if (!lead.isCompared) return 'notCompared';
  if (lead.isPoison) return 'poison';
  if (compared === null || draft === null) return 'broken';
  const drift = lead.recorded === null ? null : decideDrift(lead.recorded, compared);
  const before = baseline === 'recorded' && lead.recorded !== null ? lead.recorded : compared;
  return [...decideDifferences(before, draft), ...(drift === null ? [] : [drift])];
}
