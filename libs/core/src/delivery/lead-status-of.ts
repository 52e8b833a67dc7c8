import type { LeadStatus } from '../lead/lead-status.js';
import { isOpenDelivery, type DeliveryStatus } from './delivery-status.js';

export interface DeliveryStanding {
  readonly status: DeliveryStatus;
  /** Attempts opened so far, the running one included. */
  readonly attemptNo: number;
  /** Of these, the ones of earlier rounds: a replay began the schedule anew after them. 0 unless told. */
  readonly attemptsBefore?: number;
  /** A later delivery or decision took its place: it says nothing about the lead any more. */
  readonly superseded?: boolean;
}

/**
 * What a lead's deliveries, all that are not superseded, say about the lead. The first line that fits counts:
 *
 * | deliveries                                                     | lead               |
 * |----------------------------------------------------------------|--------------------|
 * | one is open and an attempt of it failed                        | FAILED             |
 * | one is open                                                    | READY              |
 * | none is open, one is held                                      | HELD               |
 * | none is open or held, one failed for good                      | PERMANENTLY_FAILED |
 * | all delivered                                                  | DELIVERED          |
 *
 * A held delivery shows only when nothing else moves any more, so a lead never has to leave HELD for another delivery's outcome.
 *
 * @returns undefined for a lead without such deliveries: its status is not theirs to say.
 */
export function leadStatusOf(all: readonly DeliveryStanding[]): LeadStatus | undefined {
  const deliveries = all.filter(({ superseded }) => superseded !== true);
  if (deliveries.length === 0) return undefined;
  const open = deliveries.filter(({ status }) => isOpenDelivery(status));
  if (open.some(failedBefore)) return 'FAILED';
  if (open.length > 0) return 'READY';
  if (deliveries.some(({ status }) => status === 'HELD')) return 'HELD';
  if (deliveries.some(({ status }) => status === 'PERMANENTLY_FAILED')) return 'PERMANENTLY_FAILED';
  return 'DELIVERED';
}

function failedBefore({ status, attemptNo, attemptsBefore = 0 }: DeliveryStanding): boolean {
  return status === 'RETRYING' || (status === 'SENDING' && attemptNo - attemptsBefore > 1);
}
