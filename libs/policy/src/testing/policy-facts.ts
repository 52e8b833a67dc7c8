import type { DedupConfig, JudgedField, NormalisedFacts, PolicyConfig, TenantConfig } from '#core';
import type { PolicyNeeds } from '../decide-policy.js';

/** What a policy is asked about: a lead in which all is well, and a tenant that compares e-mails, unless told. */
export interface PolicyQuestion {
  readonly policy?: PolicyConfig;
  readonly dedup?: Partial<DedupConfig>;
  readonly normalised?: NormalisedFacts['normalised'];
  readonly judgedFields?: readonly JudgedField[];
  readonly duplicateOf?: PolicyNeeds['duplicateOf'];
  readonly duplicateCheckSkipped?: boolean;
  readonly flags?: readonly string[];
}

export function policyFacts(question: PolicyQuestion = {}): PolicyNeeds {
  const policy: PolicyConfig = question.policy ?? { mode: 'SALVAGE' };
  const dedup: DedupConfig = { identities: ['email'], window_hours: 24, on_duplicate: 'deliver', ...question.dedup };
  return {
    config: { policy, dedup } as TenantConfig,
    lead: { flags: question.flags ?? [] },
    normalised: question.normalised ?? { email: 'a@example.com' },
    judgedFields: question.judgedFields ?? [{ path: 'email', kind: 'email', state: 'valid' }],
    duplicateOf: question.duplicateOf ?? null,
    duplicateCheckSkipped: question.duplicateCheckSkipped ?? false,
  };
}
