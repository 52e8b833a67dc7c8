import { type AuditActor, appendAuditEvents } from '#audit';
import type { DestinationId, PauseReason, TenantId } from '#core';
import { appendOperatorEvents } from '#operator-events';
import { inTransaction, type Pool } from '#platform';

const BY_HAND: PauseReason = 'by_hand';

const PAUSE = `
  INSERT INTO breakers AS breaker (service_id, tenant_id, paused_at, pause_reason, paused_by)
  VALUES ($1, $2, clock_timestamp(), '${BY_HAND}', $3)
  ON CONFLICT (service_id) DO UPDATE
     SET paused_at = clock_timestamp(), pause_reason = excluded.pause_reason, paused_by = excluded.paused_by, paused_version = NULL,
         updated_at = clock_timestamp()
   WHERE breaker.paused_at IS NULL
  RETURNING service_id`;

/** Whoever resumes says that it was mended: it is called at once, and where it was failing the first call is a probe. */
const RESUME = `
  WITH before AS MATERIALIZED (
    SELECT service_id, paused_at IS NOT NULL AS paused FROM breakers
     WHERE service_id = $1 AND (paused_at IS NOT NULL OR state <> 'closed' OR hold_until > clock_timestamp()) FOR NO KEY UPDATE)
  UPDATE breakers
     SET paused_at = NULL, pause_reason = NULL, paused_by = NULL, paused_version = NULL, misdirected_leads = '{}',
         hold_until = NULL, hold_reason = NULL, probe_at = CASE WHEN state = 'open' THEN least(probe_at, clock_timestamp()) ELSE probe_at END,
         updated_at = clock_timestamp()
    FROM before WHERE breakers.service_id = before.service_id
  RETURNING before.paused`;

export interface DestinationOrder {
  readonly destinationId: DestinationId;
  readonly tenantId: TenantId;
  readonly actor: AuditActor;
  /** Why, in the words of whoever does it. */
  readonly reason: string;
}

/**
 * Nothing is sent to the destination until somebody resumes it; its leads wait and no attempt of theirs is used up. Calls in flight end by themselves.
 * @returns false: it was paused already, and nothing was written
 */
export function pauseDestination(pool: Pool, { destinationId, tenantId, actor, reason }: DestinationOrder): Promise<boolean> {
  return inTransaction(pool, async (client) => {
    const { rowCount } = await client.query(PAUSE, [destinationId, tenantId, actor]);
    if (rowCount === 0) return false;
    await appendAuditEvents(client, [{ tenantId, type: 'destination.paused', actor, reason, detail: { destination: destinationId } }]);
    await appendOperatorEvents(client, [
      { tenantId, type: 'destination.paused', subject: destinationId, detail: { reason: BY_HAND, by: actor } },
    ]);
    return true;
  });
}

/**
 * Calls go out again: the pause ends, whoever began it; so does a hold, and a breaker that is open lets its probe out at once.
 * @returns false: nothing kept it from being called, and nothing was written
 */
export function resumeDestination(pool: Pool, { destinationId, tenantId, actor, reason }: DestinationOrder): Promise<boolean> {
  return inTransaction(pool, async (client) => {
    const { rows } = await client.query<{ paused: boolean }>(RESUME, [destinationId]);
    const [before] = rows;
    if (before === undefined) return false;
    await appendAuditEvents(client, [{ tenantId, type: 'destination.resumed', actor, reason, detail: { destination: destinationId } }]);
    // Of a pause operators were told; of a hold they were not.
    if (before.paused)
      await appendOperatorEvents(client, [{ tenantId, type: 'destination.resumed', subject: destinationId, detail: { by: actor } }]);
    return true;
  });
}
