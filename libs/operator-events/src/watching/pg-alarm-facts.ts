import type { Pool } from 'pg';
import type { DestinationId, LeadId, TenantId } from '#core';

/**
 * The lead that waits longest for its decision. By when its row last changed: a lead that is decided anew waits since then. Looks at two leads
 * only: of those nobody rang the first by id, and of the others the one whose ring is oldest.
 */
const OLDEST_UNDECIDED = `
  SELECT id AS "leadId", extract(epoch FROM clock_timestamp() - updated_at)::float8 AS seconds
    FROM ((SELECT id, updated_at FROM leads WHERE status = 'RECEIVED' AND rung_at IS NULL ORDER BY rung_at NULLS FIRST, id LIMIT 1)
          UNION ALL
          (SELECT id, updated_at FROM leads WHERE status = 'RECEIVED' AND rung_at IS NOT NULL ORDER BY rung_at, id LIMIT 1)) AS oldest
   ORDER BY updated_at LIMIT 1`;

export interface UndecidedLead {
  readonly leadId: LeadId;
  readonly seconds: number;
}

export async function oldestUndecided(pool: Pool): Promise<UndecidedLead | null> {
  const { rows } = await pool.query<UndecidedLead>(OLDEST_UNDECIDED);
  return rows[0] ?? null;
}

/** Operators are told again when there was none for this long. */
const QUIET = `interval '1 hour'`;

/** The newest dead letter of every destination that has one, and whether it begins a new row of them. */
const NEWEST_DEAD_LETTERS = `
  SELECT destination.id AS "destinationId", destination.tenant_id AS "tenantId", newest.id AS "deliveryId", newest.lead_id AS "leadId",
         newest.failure_class AS "failureClass", newest.finished_at AS "failedAt",
         newest.finished_at > clock_timestamp() - ${QUIET} AS fresh
    FROM destinations destination
   CROSS JOIN LATERAL (
     SELECT id, lead_id, failure_class, finished_at FROM deliveries
      WHERE destination_id = destination.id AND status = 'PERMANENTLY_FAILED' AND finished_at IS NOT NULL
      ORDER BY finished_at DESC LIMIT 1) AS newest
   WHERE newest.finished_at > clock_timestamp() - ${QUIET}
      OR EXISTS (SELECT FROM alarms WHERE alarm = 'dead_letters' AND subject = destination.id AND raised)
   ORDER BY destination.id`;

export interface DeadLetter {
  readonly destinationId: DestinationId;
  readonly tenantId: TenantId;
  readonly deliveryId: string;
  readonly leadId: LeadId;
  readonly failureClass: string | null;
  readonly failedAt: Date;
  /** Of the last hour. */
  readonly fresh: boolean;
}

export async function newestDeadLetters(pool: Pool): Promise<readonly DeadLetter[]> {
  const { rows } = await pool.query<DeadLetter>(NEWEST_DEAD_LETTERS);
  return rows;
}

export interface RaisedAlarm {
  readonly alarm: string;
  readonly subject: string;
}

export async function raisedAlarms(pool: Pool): Promise<readonly RaisedAlarm[]> {
  const { rows } = await pool.query<RaisedAlarm>('SELECT alarm, subject FROM alarms WHERE raised ORDER BY alarm, subject');
  return rows;
}
