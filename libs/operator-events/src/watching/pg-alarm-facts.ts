import type { Pool } from 'pg';
import type { Alarm, DestinationId, JsonObject, TenantId } from '#core';

/** Operators are told again when there was none for this long. */
const QUIET = `interval '1 hour'`;

/**
 * The newest dead letter of every destination that has one, and whether it begins a new row of them. One that was told of counts on when its
 * delivery is taken up again or goes: else a destination that refuses a lead over and over would be told of with every replay, and one whose
 * only dead letter was delivered after all never again. What ended because its lead was erased or decided anew is no dead letter.
 */
const NEWEST_DEAD_LETTERS = `
  SELECT destination.id AS "destinationId", destination.tenant_id AS "tenantId",
         CASE WHEN newest.finished_at >= told.failed_at THEN newest.detail ELSE coalesce(told.detail, newest.detail) END AS detail,
         greatest(newest.finished_at, told.failed_at) > clock_timestamp() - ${QUIET} AS fresh
    FROM destinations destination
    LEFT JOIN LATERAL (
     SELECT finished_at, jsonb_build_object('lead_id', lead_id, 'delivery_id', id, 'failure_class', failure_class, 'failed_at',
                                             to_char(finished_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) AS detail
       FROM deliveries
      WHERE destination_id = destination.id AND status = 'PERMANENTLY_FAILED' AND finished_at > clock_timestamp() - ${QUIET}
        AND superseded_at IS NULL
      ORDER BY finished_at DESC LIMIT 1) AS newest ON true
    LEFT JOIN LATERAL (
     SELECT subject, detail, (detail ->> 'failed_at')::timestamptz AS failed_at
       FROM alarms WHERE alarm = 'dead_letters' AND subject = destination.id AND raised) AS told ON true
   WHERE newest.finished_at IS NOT NULL OR told.subject IS NOT NULL
   ORDER BY destination.id`;

export interface DeadLetter {
  readonly destinationId: DestinationId;
  readonly tenantId: TenantId;
  /** lead_id, delivery_id, failure_class and failed_at. */
  readonly detail: JsonObject;
  /** There was one within the last hour. */
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

export async function isRaised(pool: Pool, alarm: Alarm, subject: string): Promise<boolean> {
  const { rowCount } = await pool.query('SELECT FROM alarms WHERE alarm = $1 AND subject = $2 AND raised', [alarm, subject]);
  return rowCount === 1;
}
