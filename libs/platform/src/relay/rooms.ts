import { assertNever, type DestinationId, type TenantId } from '#core';
import { decideQueueShare, type QueueLimits } from './queue-share.js';
import { DELIVERIES_PER_JOB, LEADS_PER_JOB } from './ringer.js';

/**
 * What one poll takes of all tenants and of all destinations together: as many jobs as the slower queue takes in half the time that is left for
 * a ring. Without a limit, a thousand tenants that wait at once would be marked in one statement (measured: 100,000 leads, 9 s), rung too late, and
 * marked again.
 */
export const MOST_LEADS_AT_ONCE = 2000;
export const MOST_DELIVERIES_AT_ONCE = 4000;

/**
 * Leads that are rung and undecided: what a lost queue may have to be rung again, and what stands before another tenant's lead when others send
 * more than is decided. With a poll every 250 ms one tenant may have 2,000 decided a second, and all of them 8,000.
 */
export const LEADS_IN_QUEUE: QueueLimits = { total: MOST_LEADS_AT_ONCE, most: 500, least: LEADS_PER_JOB };
/** The same for deliveries, each destination by itself: 4,000 calls a second of one, and 32,000 of all. */
const DELIVERIES_IN_QUEUE: QueueLimits = { total: 2 * MOST_DELIVERIES_AT_ONCE, most: 1000, least: DELIVERIES_PER_JOB };

/** In the order in which they end: what a destination is to whoever wants to send. */
export const DESTINATION_STATES = ['working', 'held', 'open', 'probe_due', 'half_open', 'paused'] as const;
export type DestinationState = (typeof DESTINATION_STATES)[number];

/** What a tenant or a destination has in the queue. */
export interface Standing {
  /** Rung and without a result. */
  readonly rung: number;
  /** More of it is due than is rung. */
  readonly waits: boolean;
}

export interface TenantStanding extends Standing {
  readonly id: TenantId;
  /** A process that was to decide its leads could not use its configuration: none is rung until one can. */
  readonly closed: boolean;
}

export interface DestinationRoom extends Standing {
  readonly id: DestinationId;
  readonly state: DestinationState;
  /** What it is given a second after answers of 429 or an outage; null: nothing was taken away. */
  readonly callsPerSecond: number | null;
}

/** How many leads of a tenant may stand in the queue. */
export function shareOfTenant(standing: readonly Standing[]): number {
  const [waiting, others] = [standing.filter(({ waits }) => waits), standing.filter(({ waits }) => !waits)];
  const rung = others.reduce((sum, one) => sum + one.rung, 0);
  return decideQueueShare(
    LEADS_IN_QUEUE,
    waiting.map((one) => one.rung),
    rung,
  );
}

/**
 * How many deliveries of a destination may stand there. What is rung is left out: most of it has left the queue for its destination's lane, where it
 * is in nobody's way, and those that hang would use up what all share.
 */
export function shareOfDestination(rooms: readonly Pick<DestinationRoom, 'waits'>[]): number {
  const waiting = rooms.filter(({ waits }) => waits);
  return decideQueueShare(
    DELIVERIES_IN_QUEUE,
    waiting.map(() => 0),
    0,
  );
}

/** How many more of its deliveries may be rung. */
export function roomOf({ rung, state }: Pick<DestinationRoom, 'rung' | 'state'>, share: number): number {
  switch (state) {
    case 'working':
      return Math.max(0, share - rung);
    case 'probe_due':
      return rung === 0 ? 1 : 0;
    case 'held':
    case 'open':
    case 'half_open':
    case 'paused':
      return 0;
    default:
      return assertNever(state);
  }
}
