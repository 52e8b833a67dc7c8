import { assertNever, REASON_CODES, type Decision, type EarlierLead, type LeadStatus } from '#core';
import type { DecidedLead } from './lead-store.port.js';

/** What a journey comes to, for the tables and for a waiting sender alike. */
export interface DecisionOfJourney {
  /** The status the journey leaves the lead in. */
  readonly status: LeadStatus;
  readonly decision: Decision;
  readonly reasonCodes: readonly string[];
  /** Why the lead did not simply go on; null when it did. */
  readonly reason: string | null;
  readonly rejectionReason: string | null;
  readonly duplicateOf: EarlierLead | null;
  readonly duplicateCheckSkipped: boolean;
}

export function decisionOf({ outcome, facts }: DecidedLead['journey']): DecisionOfJourney {
  return {
    status: statusAfter(outcome.kind, (facts.plannedDeliveries?.length ?? 0) > 0),
    duplicateOf: facts.duplicateOf ?? null,
    duplicateCheckSkipped: facts.duplicateCheckSkipped ?? false,
    ...saidOf(outcome, facts.decision, facts.reasonCodes),
  };
}

/** @param delivers somebody is sent the lead; a lead that goes on without is kept */
export function statusAfter(kind: DecidedLead['journey']['outcome']['kind'], delivers: boolean): LeadStatus {
  switch (kind) {
    case 'continue':
      return delivers ? 'READY' : 'KEPT';
    case 'reject':
      return 'REJECTED';
    case 'hold':
      return 'HELD';
    case 'fail':
      return 'PERMANENTLY_FAILED';
    default:
      return assertNever(kind);
  }
}

/** The notes of the map stage by which a stored journey tells KEPT from READY. */
export const KEPT_NOTES = [REASON_CODES.noDestination, REASON_CODES.noRoute] as const;

function saidOf(
  outcome: DecidedLead['journey']['outcome'],
  decision: Decision = 'PASS',
  reasonCodes: readonly string[] = [],
): Pick<DecisionOfJourney, 'decision' | 'reasonCodes' | 'reason' | 'rejectionReason'> {
  switch (outcome.kind) {
    case 'continue':
      return { reason: null, decision, reasonCodes, rejectionReason: null };
    case 'reject': {
      const codes = outcome.reasons.map(({ code }) => code);
      return { reason: outcome.reasons[0].code, decision: 'REJECT', reasonCodes: codes, rejectionReason: outcome.reasons[0].code };
    }
    case 'hold': {
      const says = outcome.says ?? { decision: 'WARN', reasonCodes: [outcome.reason.code] };
      return { reason: outcome.reason.code, ...says, rejectionReason: null };
    }
    case 'fail':
      return { reason: outcome.reason.detail, decision, reasonCodes: [outcome.reason.code], rejectionReason: outcome.reason.detail };
    default:
      return assertNever(outcome);
  }
}
