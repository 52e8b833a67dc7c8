import type { PolicyFacts, Stage } from '#core';
import { decidePolicy, type PolicyNeeds } from './decide-policy.js';

/** Says what the tenant's policy makes of all that is known by now; the last stage that may refuse. */
export function policyStage(): Stage<PolicyNeeds, PolicyFacts> {
  return { name: 'policy', run: (facts) => decidePolicy(facts.config.policy, facts) };
}
