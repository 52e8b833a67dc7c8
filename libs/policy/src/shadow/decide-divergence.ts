import { assertNever, type Decision, type LeadId, type Outcome, type PolicyConfig } from '#core';
import { decidePolicy } from '../decide-policy.js';
import type { DecidedJourney } from './shadow-judge.port.js';

export interface Divergence {
  readonly active: Decision;
  readonly shadow: Decision;
}

/** What the shadow would have said otherwise; null when it agrees, is not active, or the lead's journey ended before the policy. */
export function decideDivergence({ config: { config }, journey }: DecidedJourney): Divergence | null {
  const policy = shadowOf(config.policy);
  const { lead, normalised, judged, judgedFields, duplicateOf, duplicateCheckSkipped, decision } = journey.facts;
  if (policy === null || lead === undefined || normalised === undefined || judgedFields === undefined) return null;
  if (duplicateOf === undefined || duplicateCheckSkipped === undefined) return null;
  const active = saidBy(journey.outcome, decision);
  const outcome = decidePolicy(policy, {
    config,
    lead,
    normalised: judged ?? normalised,
    judgedFields,
    duplicateOf,
    duplicateCheckSkipped,
  });
  const shadow = saidBy(outcome, outcome.kind === 'continue' ? outcome.adds.decision : undefined);
  return active === shadow ? null : { active, shadow };
}

/** A shadow stands alone, but for what a tenant has once: its lists, and what happens when the duplicate check cannot be made. */
function shadowOf({ shadow, degraded }: PolicyConfig): PolicyConfig | null {
  if (shadow?.state !== 'active') return null;
  const { mode, required, blocked, rules } = shadow;
  return { mode, required, blocked, rules, degraded };
}

/** The decision a sender reads. A lead that could not be mapped was let through by the policy. */
function saidBy(
  outcome: { readonly kind: Outcome['kind'] } & Partial<Pick<Extract<Outcome, { kind: 'hold' }>, 'says'>>,
  decision: Decision = 'PASS',
): Decision {
  switch (outcome.kind) {
    case 'continue':
    case 'fail':
      return decision;
    case 'reject':
      return 'REJECT';
    case 'hold':
      return outcome.says?.decision ?? 'WARN';
    default:
      return assertNever(outcome.kind);
  }
}

/** CONTRACTS 3: every lead below this rate, a tenth of them above. Per process: what one process does is what may slow it. */
export const SAMPLE_ALL_BELOW = 1000;

/** @param leadsPerSecond of this process @returns the same for the same lead: the last digits of a UUIDv7 are random */
export function isSampled(leadId: LeadId, leadsPerSecond: number): boolean {
  return leadsPerSecond < SAMPLE_ALL_BELOW || Number.parseInt(leadId.slice(-8), 16) % 10 === 0;
}
