import type { DeliveryId, DestinationId, LeadId, TenantId } from '../ids.js';

/** Jobs carry ids only; the processor reloads the rows, so a lost, late or doubled job changes nothing. */
export interface ProcessLeadsJob {
  readonly type: 'process_leads.v1';
  readonly leadIds: readonly LeadId[];
}
/** The deliveries of one job go to one destination, so that a slow CRM holds up its own jobs only. */
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
  /**
   * Asked before leads are written: may they be written as rung (`rung_at` set) and rung after the commit? false while the tenant has its
   * queue share rung and unfinished (at most 500, less while many tenants send more than is decided): then write `rung_at` null, do not ring, and the relay picks them up as others finish.
   */
  abstract reserveLeads(tenantId: TenantId, count: number): boolean;
  /** The same for deliveries: false while the destination has its queue share rung and unfinished (at most 1,000), or nothing is sent to it now. */
  abstract reserveDeliveries(destinationId: DestinationId, count: number): boolean;
  /** After the commit of rows written as rung. If the ring fails, `rung_at` is set back to null. */
  abstract ringLeads(ids: readonly LeadId[]): void;
  /** The same; in a process that delivers they may go into its lanes at once, without the queue. */
  abstract ringDeliveries(destinationId: DestinationId, ids: readonly DeliveryId[]): void;
}
