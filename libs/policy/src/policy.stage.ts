import type { DedupFacts, LeadFacts, PolicyFacts, Stage } from '#core';
import { decidePolicy } from './decide-policy.js';

/** Says what the tenant's policy makes of all that is known by now; the last stage that may refuse. */
export function policyStage(): Stage<Pick<LeadFacts, 'config'> & Pick<DedupFacts, 'duplicateOf'>, PolicyFacts> {
  return { name: 'policy', run: ({ config, duplicateOf }) => decidePolicy(config.policy, config.dedup, duplicateOf) };
}
