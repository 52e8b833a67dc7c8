import type { CallerOf } from '#access';
import { appendAuditEvents } from '#audit';
import type { LeadId } from '#core';
import { passOn } from '#pipeline';
import { inTransaction, newId, type Pool, type PoolClient } from '#platform';
import { refuseAboveLimits, takePlace } from './feedback-limits.js';
import type { FeedbackType } from './feedback-shapes.js';

export interface FeedbackOnLead {
  readonly type: FeedbackType;
  readonly leadId: LeadId;
  readonly crmRecordId: string | null;
}

export interface RecordedEvent {
  readonly id: string;
  /** How many identities of the lead were released. */
  readonly released: number;
}

const INSERT = `
  INSERT INTO feedback_events (id, tenant_id, lead_id, type, crm_record_id, released, api_key_id) VALUES ($1, $2, $3, $4, $5, $6, $7)`;

/**
 * Keeps what a CRM told about a lead. The release of its claims, the event and its line in the audit trail are one transaction: a lead is
 * never free without a word about why.
 */
export class RecordFeedback {
  constructor(private readonly pool: Pool) {}

  /** @returns undefined for a lead that is unknown, erased or another tenant's. @throws TooManyRequests */
  record(caller: CallerOf<'tenant'>, feedback: FeedbackOnLead): Promise<RecordedEvent | undefined> {
    const { tenantId, keyId } = caller;
    const { leadId, type, crmRecordId } = feedback;
    return inTransaction(this.pool, async (client) => {
      // Without the lock, so that a CRM beyond its limit keeps nobody else waiting.
      await refuseAboveLimits(client, tenantId);
      if (!(await isLeadOf(client, caller, leadId))) return undefined;
      const ended = { tenantId, leadId, actor: `key:${keyId}`, reason: type } as const;
      const released = type === 'lead_duplicate_corrected' ? (await passOn(client, ended)).released : 0;
      await takePlace(client, tenantId);
      const id = newId();
      await client.query(INSERT, [id, tenantId, leadId, type, crmRecordId, released, keyId]);
      const detail = { feedback_id: id, type, released };
      await appendAuditEvents(client, [{ tenantId, leadId, type: 'lead.feedback', actor: `key:${keyId}`, reason: type, detail }]);
      return { id, released };
    });
  }
}

async function isLeadOf(client: PoolClient, { tenantId }: CallerOf<'tenant'>, leadId: LeadId): Promise<boolean> {
  const { rowCount } = await client.query(`SELECT FROM leads WHERE id = $1 AND tenant_id = $2 AND status <> 'ERASED'`, [leadId, tenantId]);
  return rowCount === 1;
}
