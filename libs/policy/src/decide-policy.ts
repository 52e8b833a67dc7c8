import {
  assertNever,
  proceed,
  REASON_CODES,
  type DedupConfig,
  type DedupFacts,
  type HoldReason,
  type JsonObject,
  type Outcome,
  type PolicyConfig,
  type PolicyFacts,
} from '#core';

export function decidePolicy(
  policy: PolicyConfig,
  dedup: DedupConfig,
  duplicateOf: DedupFacts['duplicateOf'],
  normalised: JsonObject,
): Outcome<PolicyFacts> {
  switch (policy.mode) {
    case 'OFF':
    case 'STRICT':
    case 'SALVAGE':
      return duplicateOf === null
        ? proceed({ decision: 'PASS', reasonCodes: [], normalised })
        : decideDuplicate(dedup.on_duplicate, duplicateOf, normalised);
    default:
      return assertNever(policy.mode);
  }
}

function decideDuplicate(
  onDuplicate: DedupConfig['on_duplicate'],
  { leadId, matchedOn }: NonNullable<DedupFacts['duplicateOf']>,
  normalised: JsonObject,
): Outcome<PolicyFacts> {
  const detail = `the same ${matchedOn} as lead ${leadId}`;
  switch (onDuplicate) {
    // update: the CRM takes the later lead for a change of the earlier one, so it goes out like any other.
    case 'deliver':
    case 'update':
      return proceed({ decision: 'DUPLICATE_HINT', reasonCodes: [REASON_CODES.duplicateConfirmed], normalised });
    // No end to the wait: the lead is released when the earlier one fails for good, or by a person.
    case 'hold':
      return { kind: 'hold', reason: { code: 'duplicate' satisfies HoldReason, detail }, holdSeconds: null };
    case 'reject':
      return { kind: 'reject', reasons: [{ code: REASON_CODES.duplicateConfirmed, detail }] };
    default:
      return assertNever(onDuplicate);
  }
}
