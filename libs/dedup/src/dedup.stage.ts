import {
  proceed,
  REASON_CODES,
  type DedupFacts,
  type Identity,
  type IdentityKind,
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
      const { identities, alsoIndexed } = identitiesOf(facts);
      if (identities.length + alsoIndexed.length === 0) return decideDedup({ earlier: null, fingerprints: [] });
      const { lead, config, claimCheck: check } = facts;
      const query = { tenantId: lead.tenantId, leadId: lead.id, identities, alsoIndexed, windowHours: config.dedup.window_hours, check };
      return decideDedup(await claims.look(query));
    },
  };
}

/** What the lead has, by which the tenant compares leads, in the tenant's order; and what it is only found by. */
function identitiesOf({ lead, config, identities }: Needs): Record<'identities' | 'alsoIndexed', Identity[]> {
  const values = { ...identities, native_id: lead.nativeId };
  const compared = config.dedup.identities;
  const present = (kinds: readonly IdentityKind[]): Identity[] =>
    kinds.flatMap((kind) => {
      const value = values[kind];
      return value === null ? [] : [{ kind, value }];
    });
  return { identities: present(compared), alsoIndexed: present(SEARCHED.filter((kind) => !compared.includes(kind))) };
}

/** The kinds with a blind index in the table of leads. */
const SEARCHED = ['email', 'phone'] as const;

/** In doubt the lead goes on: a check that could not be made is noted and flagged, never taken for a duplicate. */
export function decideDedup(answer: ClaimAnswer): Outcome<DedupFacts> {
  const { fingerprints } = answer;
  if ('skipped' in answer) {
    const note = { code: REASON_CODES.indexUnavailable, detail: SKIPPED[answer.skipped] };
    return proceed({ duplicateOf: null, duplicateCheckSkipped: true, fingerprints }, [note]);
  }
  if (answer.earlier === null) {
    const presumed = answer.presumed === true ? { presumedNew: true as const } : {};
    return proceed({ duplicateOf: null, duplicateCheckSkipped: false, fingerprints, ...presumed });
  }
  const note = { code: REASON_CODES.duplicateConfirmed, detail: `the same ${answer.earlier.matchedOn} as lead ${answer.earlier.leadId}` };
  return proceed({ duplicateOf: answer.earlier, duplicateCheckSkipped: false, fingerprints }, [note]);
}

const SKIPPED: Readonly<Record<SkippedBecause, string>> = {
  no_key: 'the duplicate check was skipped: the tenant has no key to compare identities with',
  unavailable: 'the duplicate check was skipped: the index did not answer',
};
