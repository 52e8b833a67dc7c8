import {
  proceed,
  REASON_CODES,
  type DedupFacts,
  type Identity,
  type LeadFacts,
  type NormalisedFacts,
  type Outcome,
  type Stage,
} from '#core';
import type { ClaimAnswer, ClaimIndex, SkippedBecause } from './claim-index.port.js';

type Needs = Pick<LeadFacts, 'lead' | 'config' | 'claimCheck'> & Pick<NormalisedFacts, 'identities'>;

/** Asks whether an earlier lead of the tenant is the same person. What that means is the policy stage's to say. */
export function dedupStage(claims: ClaimIndex): Stage<Needs, DedupFacts> {
  return {
    name: 'dedup',
    run: async (facts) => {
      const identities = comparedIdentities(facts);
      if (identities.length === 0) return decideDedup({ earlier: null, fingerprints: [] });
      return decideDedup(await claims.look({ tenantId: facts.lead.tenantId, leadId: facts.lead.id, identities, check: facts.claimCheck }));
    },
  };
}

/** The identities the tenant compares and this lead has, in the tenant's order. */
function comparedIdentities({ lead, config, identities }: Needs): Identity[] {
  const values = { ...identities, native_id: lead.nativeId };
  return config.dedup.identities.flatMap((kind) => {
    const value = values[kind];
    return value === null ? [] : [{ kind, value }];
  });
}

/** In doubt the lead goes on: a check that could not be made is noted and flagged, never taken for a duplicate. */
export function decideDedup(answer: ClaimAnswer): Outcome<DedupFacts> {
  const { fingerprints } = answer;
  if ('skipped' in answer) {
    const note = { code: REASON_CODES.indexUnavailable, detail: SKIPPED[answer.skipped] };
    return proceed({ duplicateOf: null, duplicateCheckSkipped: true, fingerprints }, [note]);
  }
  if (answer.earlier === null) return proceed({ duplicateOf: null, duplicateCheckSkipped: false, fingerprints });
  const note = { code: REASON_CODES.duplicateConfirmed, detail: `the same ${answer.earlier.matchedOn} as lead ${answer.earlier.leadId}` };
  return proceed({ duplicateOf: answer.earlier, duplicateCheckSkipped: false, fingerprints }, [note]);
}

const SKIPPED: Readonly<Record<SkippedBecause, string>> = {
  no_key: 'the duplicate check was skipped: the tenant has no key to compare identities with',
  unavailable: 'the duplicate check was skipped: the index did not answer',
};
