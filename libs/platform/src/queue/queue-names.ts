import type { Job, WorkKind } from '#core';

/** One queue per job type; the processors are listed in apps/gateway/src/queue.module.ts. */
export const QUEUE_OF_JOB = { 'process_leads.v1': 'process', 'deliver_leads.v1': 'deliver' } as const satisfies Record<Job['type'], string>;
export const PROCESS_QUEUE = QUEUE_OF_JOB['process_leads.v1'];
export const DELIVER_QUEUE = QUEUE_OF_JOB['deliver_leads.v1'];
export const QUEUE_OF_WORK = { leads: PROCESS_QUEUE, deliveries: DELIVER_QUEUE } as const satisfies Record<WorkKind, string>;

/**
 * Postgres owns attempts and due times, so BullMQ never retries. Jobs have no ids of their own: BullMQ silently ignores an added job
 * whose id it knows, even a failed one (measured), so a ring must never share an id with an earlier one.
 */
export const JOB_OPTIONS = { attempts: 1, removeOnComplete: true, removeOnFail: { age: 86_400, count: 1000 }, stackTraceLimit: 3 } as const;

/**
 * lockDuration exceeds the longest call (30 s). maxStalledCount: the default of 1 fails a job at its second crash; we want the relay's
 * rules to decide, not BullMQ's. autorun: a worker on the Postgres backend whose first connection broke asks for its next job again and again
 * without ever coming to rest, so that nothing else runs in its process any more (seen with 6.7.0); QueueHost runs those that are ready.
 */
export const WORKER_OPTIONS = { autorun: false, lockDuration: 60_000, stalledInterval: 30_000, maxStalledCount: 10 } as const;
