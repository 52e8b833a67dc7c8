import { proceed, type LeadFacts, type Stage, type TrimmedFacts } from '#core';
import { decideValidation } from './decide-validation.js';

/** Judges the trimmed lead by the tenant's active rule profile. Every failing code is recorded; the first is the rejection reason. */
export function validateStage(): Stage<Pick<TrimmedFacts, 'trimmed'> & Pick<LeadFacts, 'config'>, object> {
  return {
    name: 'validate',
    run: ({ trimmed, config }) => {
      const [first, ...others] = decideValidation(config.rules, trimmed);
      return first === undefined ? proceed({}) : { kind: 'reject', reasons: [first, ...others] };
    },
  };
}
