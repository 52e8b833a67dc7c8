import type { DeliveryId, LeadId } from '../ids.js';

/** Jobs carry ids only; the processor reloads the rows, so a lost, late or doubled job changes nothing. */
export interface ProcessLeadsJob {
  readonly type: 'process_leads.v1';
  readonly leadIds: readonly LeadId[];
}
export interface DeliverLeadsJob {
  readonly type: 'deliver_leads.v1';
  readonly deliveryIds: readonly DeliveryId[];
}
export type Job = ProcessLeadsJob | DeliverLeadsJob;

/** What can be due: leads to process, deliveries to send. */
export const WORK_KINDS = ['leads', 'deliveries'] as const;
export type WorkKind = (typeof WORK_KINDS)[number];

/**
 * Says "these committed rows are due". Never throws, is never awaited on a request's way and may lose a ring: the relay polls
 * what stays due. Abstract class, so that it is also the injection token.
 */
export abstract class Doorbell {
  /** Rows must have been committed with `rung_at` set; if the ring fails it is set back to null. */
  abstract ring(kind: 'leads', ids: readonly LeadId[]): void;
  abstract ring(kind: 'deliveries', ids: readonly DeliveryId[]): void;
}
