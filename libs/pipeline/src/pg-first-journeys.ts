import type { Decision, IdentityKind, LeadId, OutcomeKind, TenantId } from '#core';
import { Coalescer, type Metrics, type Pool } from '#platform';
import { KEPT_NOTES, statusAfter } from './decision-of.js';
import { FirstJourneys } from './first-journeys.port.js';
import type { Verdict } from './verdicts.port.js';

const KEPT = KEPT_NOTES.map((code) => `journey.stages @> '[{"stage": "map", "reasons": [{"code": "${code}"}]}]'`).join(' or ');

/** By primary and unique keys only. The status is the one the journey led to, whatever happened to the lead since. */
const READ = {
  name: 'read_first_journeys',
  text: `select journey.lead_id, journey.tenant_id, lead.request_id, journey.outcome, journey.decision, journey.reason_codes,
                journey.duplicate_of, journey.duplicate_matched_on, journey.duplicate_seen_at, journey.duplicate_check_skipped,
                ${KEPT} as kept,
                version.policy_version, version.ruleset_version, version.version
           from journeys journey
           join leads lead on lead.id = journey.lead_id
           join config_versions version on version.id = journey.config_version_id
          where journey.lead_id = any($1::uuid[]) and journey.journey_no = 1`,
};

interface JourneyRow {
  readonly lead_id: LeadId;
  readonly tenant_id: TenantId;
  readonly request_id: string;
  readonly outcome: OutcomeKind;
  readonly decision: Decision;
  readonly reason_codes: string[];
  readonly duplicate_of: LeadId | null;
  readonly duplicate_matched_on: IdentityKind | null;
  readonly duplicate_seen_at: Date | null;
  readonly duplicate_check_skipped: boolean;
  readonly kept: boolean;
  readonly policy_version: number;
  readonly ruleset_version: number;
  readonly version: number;
}

/** Whoever asks meanwhile is answered by one statement, and a lead many ask about is read once. */
export class PgFirstJourneys extends FirstJourneys {
  private readonly reads: Coalescer<LeadId, Verdict | null>;

  constructor(
    private readonly pool: Pool,
    metrics: Metrics,
  ) {
    super();
    this.reads = new Coalescer({
      name: 'first_journeys',
      flush: (ids) => this.read(ids),
      sortKey: (id) => id,
      onFlush: metrics.flushOf('first_journeys'),
    });
  }

  override of(leadId: LeadId): Promise<Verdict | null> {
    return this.reads.submit(leadId);
  }

  private async read(ids: readonly LeadId[]): Promise<(Verdict | null)[]> {
    const { rows } = await this.pool.query<JourneyRow>({ ...READ, values: [[...new Set(ids)]] });
    const verdicts = new Map(rows.map((row) => [row.lead_id, verdictOfRow(row)]));
    return ids.map((id) => verdicts.get(id) ?? null);
  }
}

function verdictOfRow(row: JourneyRow): Verdict {
  const { duplicate_of: earlier, duplicate_matched_on: matchedOn, duplicate_seen_at: seenAt } = row;
  return {
    leadId: row.lead_id,
    tenantId: row.tenant_id,
    requestId: row.request_id,
    decision: row.decision,
    reasonCodes: row.reason_codes,
    duplicateOf: earlier === null || matchedOn === null || seenAt === null ? null : { leadId: earlier, matchedOn, seenAt },
    duplicateCheckSkipped: row.duplicate_check_skipped,
    status: statusAfter(row.outcome, !row.kept),
    versions: { policy: row.policy_version, ruleset: row.ruleset_version, config: row.version },
  };
}
