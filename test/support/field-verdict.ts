import type { Decision, JsonObject, TenantConfig } from '#core';
import { normaliseStage, trimStage } from '#normalisation';
import { policyStage } from '#policy';

export interface FieldVerdict {
  readonly decision: Decision;
  readonly codes: readonly string[];
  /** What goes on; of a refused lead nothing does. */
  readonly normalised: JsonObject | null;
}

/** Trim, normalise and policy as the pipeline runs them, of a lead that is nobody's duplicate. */
export async function fieldVerdict(config: TenantConfig, payload: JsonObject): Promise<FieldVerdict> {
  const trimming = await trimStage().run({ payload });
  if (trimming.kind !== 'continue') throw new Error('trim never ends a journey');
  const normalising = await normaliseStage().run({ trimmed: trimming.adds.trimmed, config, source: config.sources[0] ?? {} });
  if (normalising.kind !== 'continue') throw new Error('normalise never ends a journey');
  const outcome = await policyStage().run({
    ...normalising.adds,
    config,
    lead: { flags: [] },
    duplicateOf: null,
    duplicateCheckSkipped: false,
  });
  if (outcome.kind === 'continue') {
    return { decision: outcome.adds.decision, codes: outcome.adds.reasonCodes, normalised: outcome.adds.normalised };
  }
  if (outcome.kind !== 'reject') throw new Error('the fields of a lead hold it nowhere');
  return { decision: 'REJECT', codes: outcome.reasons.map(({ code }) => code), normalised: null };
}
