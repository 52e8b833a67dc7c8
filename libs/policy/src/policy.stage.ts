import type { DedupFacts, LeadFacts, NormalisedFacts, PolicyFacts, Stage } from '#core';
import { decidePolicy } from './decide-policy.js';

type Needs = Pick<LeadFacts, 'config'> & Pick<NormalisedFacts, 'normalised'> & Pick<DedupFacts, 'duplicateOf'>;

/** Says what the tenant's policy makes of all that is known by now; the last stage that may refuse. */
export function policyStage(): Stage<Needs, PolicyFacts> {
  return {
    name: 'policy',
    run: ({ config, duplicateOf, normalised }) => decidePolicy(config.policy, config.dedup, duplicateOf, normalised),
  };
}
