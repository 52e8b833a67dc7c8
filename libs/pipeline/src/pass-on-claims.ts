import type { ActiveConfig, LeadId, LeadStatus, TenantId } from '#core';
import { inTransaction, type Pool } from '#platform';
import { HELD_BACK, passOn } from './pg-pass-on.js';

const LEADS_A_ROUND = 200;
/** What was committed after the last look with an earlier moment, because its transaction took its time. */
const OVERLAP_SECONDS = 60;

/**
 * Leads that came to an end lately and still hold a claim or somebody back. The condition on the status is that of the index leads_ended.
 *
 * A lead that failed for good keeps its claims where duplicates are delivered: there they keep nobody out, and the hint they give (this
 * person has been here) stays true, also when the lead is sent again. Where duplicates are held or rejected, a lead that the CRM never
 * got must not keep others from it.
 * The second half: who was still being decided against a lead when a CRM released that one.
 */
const ENDED = {
  name: 'ended_leads_in_the_way',
  text: `with ended as (
           select id, tenant_id, status, updated_at, true as holds_nothing_any_more from leads
            where (status in ('PERMANENTLY_FAILED', 'ERASED') or (status = 'REJECTED' and journey_no > 1))
              and updated_at > $1 and (status <> 'PERMANENTLY_FAILED' or tenant_id = any($2::text[])) and not duplicate_check_skipped
           union all
           select leads.id, leads.tenant_id, leads.status, feedback.received_at, false
             from feedback_events feedback join leads on leads.id = feedback.lead_id
            where feedback.received_at > $1 and feedback.type = 'lead_duplicate_corrected')
         select id, tenant_id as "tenantId", status, updated_at as "endedAt" from ended
          where case when exists (select from identity_claims where lead_id = ended.id) then holds_nothing_any_more
                     else exists (select from leads where duplicate_of = ended.id and ${HELD_BACK}) end
          order by updated_at limit ${LEADS_A_ROUND}`,
};

interface EndedRow {
  readonly id: LeadId;
  readonly tenantId: TenantId;
  readonly status: LeadStatus;
  readonly endedAt: Date;
}

/** Why the heir gets its chance; a status that is not here means that a CRM released the lead. */
const REASONS: Partial<Record<LeadStatus, string>> = {
  PERMANENTLY_FAILED: 'earlier_lead_failed',
  ERASED: 'earlier_lead_erased',
  REJECTED: 'earlier_lead_rejected',
};

/**
 * A lead that was held back by another one gets its chance when that one ends badly. Each ended lead is a transaction of its own; what is
 * done is seen in the rows, so any number of processes may do it at once.
 */
export class PassOnClaims {
  /** How far this process has looked; null: it has just begun and looks back as far as a claim may be old. */
  private seenUntil: Date | null = null;

  constructor(
    private readonly pool: Pool,
    private readonly config: ActiveConfig,
  ) {}

  /** @returns how many leads got their chance */
  async runOnce(): Promise<number> {
    const now = (await this.pool.query<{ now: Date }>('select clock_timestamp() as now')).rows[0]?.now ?? new Date(0);
    const since = this.seenUntil ?? new Date(now.getTime() - this.longestWindowMs());
    const keepingOut = this.config.tenants().flatMap(({ tenantId, config }) => (keepsOut(config.dedup) ? [tenantId] : []));
    const { rows } = await this.pool.query<EndedRow>({ ...ENDED, values: [since, keepingOut] });
    let heirs = 0;
    for (const row of rows) heirs += await this.passOn(row);
    const end = rows.length < LEADS_A_ROUND ? now : (rows.at(-1)?.endedAt ?? now);
    this.seenUntil = new Date(end.getTime() - OVERLAP_SECONDS * 1000);
    return heirs;
  }

  private passOn({ id, tenantId, status }: EndedRow): Promise<number> {
    const reason = REASONS[status] ?? 'lead_duplicate_corrected';
    return inTransaction(this.pool, async (client) => {
      // Somebody may have reprocessed it since; then it is on its way to a decision of its own.
      const still = await client.query('select from leads where id = $1 and status = $2 for no key update', [id, status]);
      if (still.rowCount === 0) return 0;
      return (await passOn(client, { tenantId, leadId: id, actor: 'relay', reason })).heirs.length;
    });
  }

  private longestWindowMs(): number {
    return Math.max(1, ...this.config.tenants().map(({ config }) => config.dedup.window_hours)) * 3_600_000;
  }
}

function keepsOut({ on_duplicate: onDuplicate }: { readonly on_duplicate: string }): boolean {
  return onDuplicate === 'hold' || onDuplicate === 'reject';
}
