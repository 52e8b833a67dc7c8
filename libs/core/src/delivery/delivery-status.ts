import { assertNever } from '../assert-never.js';

/** In lifecycle order. */
export const DELIVERY_STATUSES = ['PENDING', 'SENDING', 'RETRYING', 'HELD', 'DELIVERED', 'PERMANENTLY_FAILED'] as const;
export type DeliveryStatus = (typeof DELIVERY_STATUSES)[number];

/**
 * The one table of what may follow what for a delivery.
 *
 * | status             | meaning                                               | who moves it on                                    |
 * |--------------------|-------------------------------------------------------|----------------------------------------------------|
 * | PENDING            | planned; waits for its first attempt                  | a worker that claims it                            |
 * | SENDING            | an attempt is open, under a lease                     | the worker, or whoever finds the lease expired     |
 * | RETRYING           | waits for `next_attempt_at` after a failed attempt    | a worker that claims it                            |
 * | HELD               | nobody knows whether a call took effect, and a second | a person (`redeliver`, `reprocess`)                |
 * |                    | one could double it; or the destination refuses us    |                                                    |
 * | DELIVERED          | the destination took it                               | nobody: final, never sent again                    |
 * | PERMANENTLY_FAILED | refused, or every attempt failed                      | a person (`redeliver`: same payload, same key)     |
 *
 * Claiming is the only way into SENDING and adds one to `attempt_no`. Every way out of SENDING names that number: a worker that was
 * stopped for longer than its lease and writes late finds another number or another status, and changes nothing.
 */
const TRANSITIONS: Readonly<Record<DeliveryStatus, readonly DeliveryStatus[]>> = {
  PENDING: ['SENDING'],
  SENDING: ['RETRYING', 'HELD', 'DELIVERED', 'PERMANENTLY_FAILED'],
  RETRYING: ['SENDING'],
  HELD: [],
  DELIVERED: [],
  PERMANENTLY_FAILED: [],
};

export function canDeliveryBecome(from: DeliveryStatus, to: DeliveryStatus): boolean {
  return TRANSITIONS[from].includes(to);
}

/** What a person's `redeliver` or `reprocess` opens again: PENDING, with its schedule begun anew. DELIVERED is never among them. */
export const REOPENABLE: readonly DeliveryStatus[] = ['HELD', 'PERMANENTLY_FAILED'];

/** The `from` side of a compare-and-set: every status that may become `to`. */
export function deliveryStatusesLeadingTo(to: DeliveryStatus): DeliveryStatus[] {
  return DELIVERY_STATUSES.filter((from) => canDeliveryBecome(from, to));
}

/** Open: an attempt is running or will follow by itself. */
export function isOpenDelivery(status: DeliveryStatus): boolean {
  switch (status) {
    case 'PENDING':
    case 'SENDING':
    case 'RETRYING':
      return true;
    case 'HELD':
    case 'DELIVERED':
    case 'PERMANENTLY_FAILED':
      return false;
    default:
      return assertNever(status);
  }
}
