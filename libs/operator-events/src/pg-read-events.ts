import type { Pool } from 'pg';
import type { JsonObject, OperatorEventType, TenantId } from '#core';

/** An event with what became of telling it. */
export interface ListedEvent {
  readonly id: string;
  readonly tenantId: TenantId | null;
  readonly type: OperatorEventType;
  readonly subject: string;
  readonly detail: JsonObject;
  readonly at: Date;
  readonly sentAt: Date | null;
  /** Calls made. */
  readonly attempts: number;
  readonly nextAttemptAt: Date | null;
  /** The summary it was told of in. */
  readonly summarisedIn: string | null;
  readonly lastError: string | null;
}

export interface EventsWanted {
  /** Of this tenant only; what concerns the whole gateway belongs to no tenant. */
  readonly tenantId?: TenantId | undefined;
  readonly type?: OperatorEventType | undefined;
  readonly subject?: string | undefined;
  /** Older than this event. */
  readonly cursor?: string | undefined;
  readonly limit: number;
}

const READ = `
  SELECT id, tenant_id AS "tenantId", type, subject, detail, at, sent_at AS "sentAt", attempt_no AS attempts, next_attempt_at AS "nextAttemptAt",
         summarised_in AS "summarisedIn", last_error AS "lastError"
    FROM operator_events
   WHERE ($1::text IS NULL OR tenant_id = $1) AND ($2::text IS NULL OR type = $2) AND ($3::text IS NULL OR subject = $3)
     AND ($4::uuid IS NULL OR id < $4)
   ORDER BY id DESC LIMIT $5`;

/** Newest first. */
export async function readOperatorEvents(pool: Pool, { tenantId, type, subject, cursor, limit }: EventsWanted): Promise<ListedEvent[]> {
  const { rows } = await pool.query<ListedEvent>(READ, [tenantId ?? null, type ?? null, subject ?? null, cursor ?? null, limit]);
  return rows;
}
