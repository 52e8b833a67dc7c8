import { setTimeout as delay } from 'node:timers/promises';
import type { DeliveryId } from '#core';
import { Coalescer, isPermanentFault, type Metrics, type Pool } from '#platform';
import type { ClosedAttempt, OpenAttempt } from './attempt.js';
import { AttemptLedger, LEASE_SECONDS } from './attempt-ledger.port.js';
import { closeAttempts, closingOrder } from './pg-close-attempts.js';
import { openAttempts } from './pg-open-attempts.js';

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2000;

/** Attempts of many jobs share a commit, both when they are opened and when they are closed; see Coalescer for its rules. */
export class PgAttemptLedger extends AttemptLedger {
  private readonly opening: Coalescer<DeliveryId, OpenAttempt | 'held_back' | null>;
  private readonly closing: Coalescer<ClosedAttempt, boolean>;

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
        return await this.closing.submit(attempt);
      } catch (error) {
        if (isPermanentFault(error) || performance.now() + pause > until) throw error;
        await delay(pause);
      }
    }
  }

  override async drain(): Promise<void> {
    await Promise.all([this.opening.drain(), this.closing.drain()]);
  }
}
