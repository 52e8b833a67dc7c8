import type { Pool } from 'pg';
import { type BreakerState, type DestinationId, type FailureClass, paceOf, type TenantId } from '#core';

/** In the order in which they hide each other: what is paused may be open as well. */
export const DESTINATION_STATES = ['paused', 'open', 'half_open', 'held', 'working'] as const;
export type DestinationState = (typeof DESTINATION_STATES)[number];

/** A destination and how it stands, as all processes share it. */
export interface DestinationStanding {
  readonly id: DestinationId;
  readonly tenantId: TenantId;
  readonly name: string;
  readonly kind: string;
  readonly enabled: boolean;
  readonly state: DestinationState;
  /** Paused since, open since; null: neither. */
  readonly since: Date | null;
  /** When a call may go out again by itself; null: at once, or not before somebody resumes it. */
  readonly until: Date | null;
  /** A code; of a hold or pause. */
  readonly reason: string | null;
  readonly pausedBy: string | null;
  /** Calls that failed in a row, of different leads. */
  readonly failures: number;
  /** What is left of its rate after answers of 429; null: nothing was taken away. */
  readonly callsPerSecond: number | null;
  /** Deliveries that will be sent, those in flight among them; counted up to MOST_WAITING. */
  readonly waiting: number;
  readonly oldestWaitingSince: Date | null;
  readonly lastFailure: { readonly class: FailureClass | null; readonly at: Date } | null;
}

export const MOST_WAITING = 100_000;

const READ = `
  SELECT destination.id, destination.tenant_id AS "tenantId", destination.name, destination.kind, destination.enabled,
         coalesce(breaker.state, 'closed') AS "breakerState", coalesce(breaker.failures, 0) AS failures,
         breaker.opened_at AS "openedAt", breaker.probe_at AS "probeAt", breaker.probe_lease_until AS "probeUntil",
         CASE WHEN breaker.hold_until > clock_timestamp() THEN breaker.hold_until END AS "heldUntil", breaker.hold_reason AS "holdReason",
         breaker.paused_at AS "pausedAt", breaker.pause_reason AS "pauseReason", breaker.paused_by AS "pausedBy",
         breaker.calls_per_second AS "throttledTo", extract(epoch FROM breaker.throttled_at)::float8 AS "throttledAt",
         extract(epoch FROM breaker.hold_until)::float8 AS "holdSecond", extract(epoch FROM breaker.closed_at)::float8 AS "closedSecond",
         extract(epoch FROM clock_timestamp())::float8 AS now,
         waiting.count + sending.count AS waiting, waiting.oldest AS "oldestWaitingSince", dead.failure_class AS "failureClass", dead.finished_at AS "failedAt"
    FROM destinations destination
    LEFT JOIN breakers breaker ON breaker.service_id = destination.id
   CROSS JOIN LATERAL (
     SELECT count(*)::int AS count, min(created_at) AS oldest
       FROM (SELECT created_at FROM deliveries
              WHERE destination_id = destination.id AND status IN ('PENDING', 'RETRYING')
              ORDER BY next_attempt_at, id LIMIT ${MOST_WAITING}) AS due) AS waiting
   CROSS JOIN LATERAL (
     SELECT count(*)::int AS count FROM deliveries WHERE lease_until IS NOT NULL AND destination_id = destination.id) AS sending
    LEFT JOIN LATERAL (
     SELECT failure_class, finished_at FROM deliveries
      WHERE destination_id = destination.id AND status = 'PERMANENTLY_FAILED' AND finished_at IS NOT NULL
      ORDER BY finished_at DESC LIMIT 1) AS dead ON true
   WHERE ($1::text IS NULL OR destination.tenant_id = $1) AND ($2::text IS NULL OR destination.name = $2)
   ORDER BY destination.id`;

interface Row {
  readonly id: DestinationId;
  readonly tenantId: TenantId;
  readonly name: string;
  readonly kind: string;
  readonly enabled: boolean;
  readonly breakerState: BreakerState;
  readonly failures: number;
  readonly openedAt: Date | null;
  readonly probeAt: Date | null;
  readonly probeUntil: Date | null;
  readonly heldUntil: Date | null;
  readonly holdReason: string | null;
  readonly pausedAt: Date | null;
  readonly pauseReason: string | null;
  readonly pausedBy: string | null;
  readonly throttledTo: number | null;
  readonly throttledAt: number | null;
  readonly holdSecond: number | null;
  readonly closedSecond: number | null;
  readonly now: number;
  readonly waiting: number;
  readonly oldestWaitingSince: Date | null;
  readonly failureClass: FailureClass | null;
  readonly failedAt: Date | null;
}

export interface DestinationsWanted {
  readonly tenantId?: TenantId | undefined;
  readonly name?: string | undefined;
}

/** In the order of their ids. Those that fetch leads are among them: `<source>.fetch`. */
export async function readDestinations(pool: Pick<Pool, 'query'>, { tenantId, name }: DestinationsWanted): Promise<DestinationStanding[]> {
  // No name has one, and Postgres refuses to look for it.
  if (`${tenantId} ${name}`.includes('\0')) return [];
  const { rows } = await pool.query<Row>(READ, [tenantId ?? null, name ?? null]);
  return rows.map(standingOf);
}

function standingOf(row: Row): DestinationStanding {
  const { id, tenantId, name, kind, enabled, failures, waiting, oldestWaitingSince, throttledTo, throttledAt } = row;
  const throttle = throttledTo === null || throttledAt === null ? null : { callsPerSecond: throttledTo, at: throttledAt };
  return {
    id,
    tenantId,
    name,
    kind,
    enabled,
    ...stateOf(row),
    failures,
    callsPerSecond: paceOf({ throttle, holdUntil: row.holdSecond, recoveredAt: row.closedSecond }, row.now),
    waiting,
    oldestWaitingSince,
    lastFailure: row.failedAt === null ? null : { class: row.failureClass, at: row.failedAt },
  };
}

function stateOf(row: Row): Pick<DestinationStanding, 'state' | 'since' | 'until' | 'reason' | 'pausedBy'> {
  if (row.pausedAt !== null) return { state: 'paused', since: row.pausedAt, until: null, reason: row.pauseReason, pausedBy: row.pausedBy };
  const nobody = { pausedBy: null };
  if (row.breakerState === 'open') return { state: 'open', since: row.openedAt, until: row.probeAt, reason: null, ...nobody };
  if (row.breakerState === 'half_open') return { state: 'half_open', since: row.openedAt, until: row.probeUntil, reason: null, ...nobody };
  if (row.heldUntil !== null) return { state: 'held', since: null, until: row.heldUntil, reason: row.holdReason, ...nobody };
  return { state: 'working', since: null, until: null, reason: null, ...nobody };
}
