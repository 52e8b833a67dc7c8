import { appendAuditEvents } from '#audit';
import { ActiveConfig, LEAD_FLAGS, type HoldReason, type LeadId, type TenantId } from '#core';
import type { IndexProbe } from '#dedup';
import { inTransaction, type Pool } from '#platform';

const WAITS_FOR_INDEX: HoldReason = 'index_unavailable';

/**
 * Whose time has come, and before that those who wait for the duplicate check while it answers for their tenant ($2). A lead whose wait
 * for it is over is marked, so that it does not wait again when the check cannot be made even now; one that is released before keeps the
 * end of its wait, because whoever decides it may still have no answer or no key. A hold without an end is a person's.
 */
const RELEASE = `
  with due as (
    select id, hold_reason, hold_until <= clock_timestamp() as over from leads
     where status = 'HELD' and hold_until is not null
       and (hold_until <= clock_timestamp() or (hold_reason = '${WAITS_FOR_INDEX}' and tenant_id = any($2::text[])))
     order by hold_until, id limit $1 for update skip locked)
  update leads set status = 'RECEIVED', hold_reason = null, hold_until = case when not due.over then leads.hold_until end,
         rung_at = null, updated_at = clock_timestamp(),
         flags = case when due.over and due.hold_reason = '${WAITS_FOR_INDEX}' and not '${LEAD_FLAGS.indexWaitOver}' = any(leads.flags)
                      then leads.flags || '${LEAD_FLAGS.indexWaitOver}'::text else leads.flags end
    from due where leads.id = due.id
  returning leads.id, leads.tenant_id, due.hold_reason`;

/** HELD leads whose time has come become RECEIVED again, oldest first; the relay's poll rings them. */
export class ReleaseHeldLeads {
  /** ARCHITECTURE 4: at most 200 a second. */
  static readonly PER_SECOND = 200;

  constructor(
    private readonly pool: Pool,
    private readonly index: IndexProbe,
    private readonly config: ActiveConfig,
  ) {}

  async runOnce(): Promise<number> {
    const checkable = await this.index.answering(this.config.tenants().map(({ tenantId }) => tenantId));
    return inTransaction(this.pool, async (client) => {
      const { rows } = await client.query<{ id: LeadId; tenant_id: TenantId; hold_reason: string }>(RELEASE, [
        ReleaseHeldLeads.PER_SECOND,
        checkable,
      ]);
      await appendAuditEvents(
        client,
        rows.map((row) => ({
          tenantId: row.tenant_id,
          leadId: row.id,
          type: 'lead.released',
          from: 'HELD',
          to: 'RECEIVED',
          actor: 'relay',
          reason: row.hold_reason,
        })),
      );
      return rows.length;
    });
  }
}
