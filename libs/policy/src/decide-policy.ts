import {
  assertNever,
  LEAD_FLAGS,
  proceed,
  REASON_CODES,
  type DedupConfig,
  type DedupFacts,
  type DegradedConfig,
  type EarlierLead,
  type HoldReason,
  type LeadFacts,
  type NormalisedFacts,
  type Outcome,
  type PolicyConfig,
  type PolicyFacts,
  type Reason,
} from '#core';
import { judgeLead, type LeadJudgement } from './judge-lead.js';

/** All that a policy knows of a lead. */
export type PolicyNeeds = Pick<LeadFacts, 'config'> & { readonly lead: Pick<LeadFacts['lead'], 'flags'> } & Pick<
    NormalisedFacts,
    'normalised' | 'judgedFields'
  > &
  Pick<DedupFacts, 'duplicateOf' | 'duplicateCheckSkipped'>;

/** ARCHITECTURE 4 and CONTRACTS 3: a lead waits up to 15 minutes for the index. */
const HOLD_SECONDS = 900;

/**
 * What the tenant's policy makes of a lead. The first that applies: the tenant is blocked, fields or rules refuse the lead, it is a
 * duplicate, the duplicate check was skipped, something is worth a warning. In doubt it goes on.
 * @param policy the tenant's, or its shadow; everything else that counts is in the facts
 */
export function decidePolicy(policy: PolicyConfig, facts: PolicyNeeds): Outcome<PolicyFacts> {
  if (policy.blocked === true) {
    return reject([{ code: REASON_CODES.tenantBlocked, detail: 'the tenant takes no leads: policy.blocked is true' }]);
  }
  const judgement = judgeLead(policy, facts.normalised, facts.judgedFields, facts.config.policy.lists);
  const [first, ...others] = judgement.refusals;
  if (first !== undefined) return reject([first, ...others]);
  const going = { judgement, judged: facts.normalised };
  const { dedup } = facts.config;
  if (facts.duplicateOf !== null) return decideDuplicate(dedup.on_duplicate, facts.duplicateOf, going);
  if (facts.duplicateCheckSkipped && dedup.identities.length > 0) {
    return decideSkipped(policy.degraded, facts.lead.flags.includes(LEAD_FLAGS.indexWaitOver), going);
  }
  return goOn(going, judgement.warnings.length > 0 ? 'WARN' : 'PASS', []);
}

interface Going {
  readonly judgement: LeadJudgement;
  readonly judged: PolicyFacts['judged'];
}

function goOn({ judgement, judged }: Going, decision: PolicyFacts['decision'], codes: readonly string[]): Outcome<PolicyFacts> {
  return proceed({ decision, reasonCodes: withWarnings(codes, judgement), normalised: judgement.normalised, judged }, judgement.warnings);
}

function decideDuplicate(onDuplicate: DedupConfig['on_duplicate'], { leadId, matchedOn }: EarlierLead, going: Going): Outcome<PolicyFacts> {
  const detail = `the same ${matchedOn} as lead ${leadId}`;
  const codes = [REASON_CODES.duplicateConfirmed];
  switch (onDuplicate) {
    // update: the CRM takes the later lead for a change of the earlier one, so it goes out like any other.
    case 'deliver':
    case 'update':
      return goOn(going, 'DUPLICATE_HINT', codes);
    // No end to the wait: the lead is released when the earlier one fails for good, or by a person.
    case 'hold':
      return {
        kind: 'hold',
        reason: { code: 'duplicate' satisfies HoldReason, detail },
        holdSeconds: null,
        says: { decision: 'DUPLICATE_HINT', reasonCodes: codes },
      };
    case 'reject':
      return reject([{ code: REASON_CODES.duplicateConfirmed, detail }]);
    default:
      return assertNever(onDuplicate);
  }
}

/** Nobody could ask for duplicates; every lead of that kind is flagged and checked again when the index is back. */
function decideSkipped(degraded: DegradedConfig | undefined, waitIsOver: boolean, going: Going): Outcome<PolicyFacts> {
  const mode = degraded?.mode ?? 'ACCEPT_WITH_FLAG';
  const codes = [REASON_CODES.indexUnavailableWarning];
  switch (mode) {
    case 'ACCEPT_WITH_FLAG':
      return goOn(going, 'WARN', codes);
    case 'REJECT':
      return reject([
        { code: REASON_CODES.indexUnavailable, detail: 'the duplicate check could not be made, and policy.degraded.mode is REJECT' },
      ]);
    case 'QUEUE':
      break;
    default:
      return assertNever(mode);
  }
  if (!waitIsOver) {
    return {
      kind: 'hold',
      reason: { code: 'index_unavailable' satisfies HoldReason, detail: 'waits until the duplicate check can be made' },
      holdSeconds: degraded?.hold_seconds ?? HOLD_SECONDS,
      says: { decision: 'WARN', reasonCodes: codes },
    };
  }
  return degraded?.fallback === 'REJECT'
    ? reject([
        {
          code: REASON_CODES.indexUnavailableWarning,
          detail: 'the duplicate check could not be made in the time the lead may wait, and policy.degraded.fallback is REJECT',
        },
      ])
    : goOn(going, 'WARN', codes);
}

const reject = (reasons: readonly [Reason, ...Reason[]]): Outcome<PolicyFacts> => ({ kind: 'reject', reasons: oncePerCode(reasons) });

const withWarnings = (codes: readonly string[], { warnings }: LeadJudgement): string[] => [
  ...new Set([...codes, ...warnings.map(({ code }) => code)]),
];

/** One reason per code: two invalid phone numbers are one REJECT_INVALID_PHONE that names both fields. */
function oncePerCode([first, ...others]: readonly [Reason, ...Reason[]]): [Reason, ...Reason[]] {
  const reasons: [Reason, ...Reason[]] = [first];
  for (const reason of others) {
    const at = reasons.findIndex(({ code }) => code === reason.code);
    const same = reasons[at];
    if (same === undefined) reasons.push(reason);
    else reasons[at] = { code: same.code, detail: `${same.detail}; ${reason.detail}` };
  }
  return reasons;
}
