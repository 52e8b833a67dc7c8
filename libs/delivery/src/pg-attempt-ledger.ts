import { setTimeout as delay } from 'node:timers/promises';
import type { DeliveryId } from '#core';
import { Coalescer, isPermanentFault, type Metrics, type Pool } from '#platform';
import type { ClosedAttempt, OpenAttempt } from './attempt.js';
import { AttemptLedger, LEASE_SECONDS } from './attempt-ledger.port.js';
import { closeAttempts, closingOrder } from './pg-close-attempts.js';
import { closeDelivered, isSimplyDelivered } from './pg-close-delivered.js';
import { openAttempts } from './pg-open-attempts.js';

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2000;

/** Attempts of many jobs share a commit, both when they are opened and when they are closed; see Coalescer for its rules. */
export class PgAttemptLedger extends AttemptLedger {
  private readonly opening: Coalescer<DeliveryId, OpenAttempt | 'held_back' | null>;
  private readonly closing: Coalescer<ClosedAttempt, boolean>;
  private readonly delivered: Coalescer<ClosedAttempt, boolean>;

  constructor(pool: Pool, metrics: Metrics) {
    super();
    this.opening = new Coalescer({
      name: 'open_attempts',
      flush: (ids) => openAttempts(pool, ids),
      sortKey: (id) => id,
      onFlush: metrics.flushOf('open_attempts'),
    });
    this.closing = new Coalescer({
      name: 'close_attempts',
      flush: (attempts) => closeAttempts(pool, attempts),
      sortKey: closingOrder,
      bytes: ({ excerpt, fetched }) => (excerpt?.length ?? 0) + (fetched === null ? 0 : JSON.stringify(fetched).length),
      onFlush: metrics.flushOf('close_attempts'),
    });
    this.delivered = new Coalescer({
      name: 'close_delivered',
      flush: (attempts) => closeDelivered(pool, attempts),
      sortKey: closingOrder,
      bytes: ({ excerpt }) => excerpt?.length ?? 0,
      onFlush: metrics.flushOf('close_delivered'),
    });
  }

  override open(deliveryId: DeliveryId): Promise<OpenAttempt | 'held_back' | null> {
    return this.opening.submit(deliveryId);
  }

  /**
   * What lies in the row, in a statement or in the code is not waited out: it is told at once, and the attempt is found when its lease ends.
   * A commit whose answer was lost may have taken effect; the repetition then finds the attempt closed, writes nothing and answers false.
   * That costs a log line, not an effect.
   */
  override async close(attempt: ClosedAttempt): Promise<boolean> {
    const until = performance.now() + LEASE_SECONDS * 1000;
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
      try {
        return await this.write(attempt);
      } catch (error) {
        if (isPermanentFault(error) || performance.now() + pause > until) throw error;
        await delay(pause);
      }
    }
  }

  override async drain(): Promise<void> {
    // In their order: what one leaves to the next is submitted before its drain ends.
    await Promise.all([this.opening.drain(), this.delivered.drain()]);
    await this.closing.drain();
  }

  /** What is not as simple as it seemed is left to the transaction that reads before it writes. */
  private async write(attempt: ClosedAttempt): Promise<boolean> {
    return (isSimplyDelivered(attempt) && (await this.delivered.submit(attempt))) || this.closing.submit(attempt);
  }
}
