import { appendAuditEvents } from '#audit';
import type { LeadId, TenantId } from '#core';
import { inTransaction, type Pool } from '#platform';

const RELEASE = `
  with due as (
    select id, hold_reason from leads where status = 'HELD' and hold_until <= clock_timestamp()
     order by hold_until, id limit $1 for update skip locked)
  update leads set status = 'RECEIVED', hold_reason = null, hold_until = null, rung_at = null, updated_at = clock_timestamp()
    from due where leads.id = due.id
  returning leads.id, leads.tenant_id, due.hold_reason`;

/** HELD leads whose time has come become RECEIVED again, oldest first; the relay's poll rings them. */
export class ReleaseHeldLeads {
  /** ARCHITECTURE 4: at most 200 a second. */
  static readonly PER_SECOND = 200;

  constructor(private readonly pool: Pool) {}

  async runOnce(): Promise<number> {
    return inTransaction(this.pool, async (client) => {
      const { rows } = await client.query<{ id: LeadId; tenant_id: TenantId; hold_reason: string }>(RELEASE, [ReleaseHeldLeads.PER_SECOND]);
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
