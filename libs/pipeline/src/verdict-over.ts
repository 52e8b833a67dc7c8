import { decisionOf } from './decision-of.js';
import type { DecidedLead } from './lead-store.port.js';
import type { Verdict } from './verdicts.port.js';

/** The verdict over a lead whose first journey has just been committed; `PgFirstJourneys` reads the same from the row. */
export function verdictOver({ lead, config, journey }: DecidedLead): Verdict {
  const { status, decision, reasonCodes, duplicateOf, duplicateCheckSkipped } = decisionOf(journey);
  return {
    leadId: lead.id,
    tenantId: lead.tenantId,
    requestId: lead.requestId,
    decision,
    reasonCodes,
    duplicateOf,
    duplicateCheckSkipped,
    status,
    versions: { policy: config.policyVersion, ruleset: config.rulesetVersion, config: config.version },
  };
}
