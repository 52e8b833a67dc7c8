import { neutralCause, neutralCode } from '#platform';
import type { LeadRecord } from './lead-record.js';

/** A lead as a key of its tenant sees it: calls that reached nobody read alike, so that they tell nothing about the operator's network. */
export function forTenant(lead: LeadRecord): LeadRecord {
  return {
    ...lead,
    deliveries: lead.deliveries.map((delivery) => ({
      ...delivery,
      lastError: neutralCause(delivery.lastError),
      attempts: delivery.attempts.map((attempt) => ({
        ...attempt,
        errorCode: neutralCode(attempt.errorCode),
        errorMessage: neutralCause(attempt.errorMessage),
      })),
    })),
    transitions: lead.transitions.map((transition) => ({ ...transition, reason: neutralCause(transition.reason) })),
  };
}
