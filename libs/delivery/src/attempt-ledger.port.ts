import type { DeliveryId } from '#core';
import type { ClosedAttempt, OpenAttempt } from './attempt.js';

/** How long an attempt belongs to the process that opened it: twice the longest call. */
export const LEASE_SECONDS = 60;

/** Opens and closes attempts, each in one commit. Abstract class, so that it is also the injection token. */
export abstract class AttemptLedger {
  /**
   * Claims the delivery for LEASE_SECONDS and writes the attempt as `unknown`, which is what it is if this process dies now.
   * `held_back`: nothing is sent to its destination now; it is un-rung.
   * null: it is not due (and un-rung), or somebody else has it, or it came to an end.
   */
  abstract open(deliveryId: DeliveryId): Promise<OpenAttempt | 'held_back' | null>;
  /**
   * Writes what is known of the attempt, the delivery's next step, the lead's status and the events of both. Tried until the lease
   * ends when Postgres is away. @throws a fault that no repetition mends
   * false: the attempt is no longer open (its lease ended and somebody else closed it); nothing was written.
   */
  abstract close(attempt: ClosedAttempt): Promise<boolean>;
  /** Resolves when nothing is being written. */
  abstract drain(): Promise<void>;
}
