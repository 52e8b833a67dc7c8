import type { AttemptRef } from './attempt.js';
import { AttemptLedger } from './attempt-ledger.port.js';
import type { AttemptLog } from './attempt-log.js';
import { concludeAttempt } from './conclude-attempt.js';
import type { ConfiguredDestinations } from './configured-destinations.js';
import type { DestinationAnswer } from './destination.port.js';
import { ExpiredLeases } from './expired-leases.port.js';

const BATCH = 100;

/** Bytes may have left the process that is gone; the attempt counts. */
const NO_RECORD: DestinationAnswer = {
  signal: { kind: 'unknown', cause: 'No outcome was recorded before the lease ended' },
  errorCode: 'LEASE_EXPIRED',
  excerpt: null,
  recordId: null,
};

/**
 * Attempts nobody closed → unknown, and what follows from that: sent again under the same key where the destination takes a repetition
 * for the same lead, else held for a person. Safe in any number of processes at once, and beside the owner of the lease if it lives
 * after all: one of them closes the attempt, the others find it closed.
 */
export class ReclaimExpiredLeases {
  constructor(
    private readonly leases: ExpiredLeases,
    private readonly attempts: AttemptLedger,
    private readonly destinations: ConfiguredDestinations,
    private readonly log: AttemptLog,
    private readonly random: () => number = Math.random,
  ) {}

  /** @returns how many attempts were closed */
  async runOnce(): Promise<number> {
    let closed = 0;
    for (;;) {
      const found = await this.leases.find(BATCH);
      const written = await Promise.all(found.map((attempt) => this.close(attempt)));
      closed += written.filter(Boolean).length;
      if (found.length < BATCH) return closed;
    }
  }

  private async close(attempt: AttemptRef): Promise<boolean> {
    const reachable = this.destinations.find(attempt.tenantId, attempt.destinationId);
    if ('problem' in reachable) {
      // Whether it may be sent again stands in the configuration that is missing.
      this.log.parked(reachable.problem);
      await this.leases.postpone([attempt], this.destinations.retryBaseSeconds, reachable.problem);
      return false;
    }
    const call = { attempt, answer: NO_RECORD, durationMs: null, callsPerSecond: 0 };
    const concluded = concludeAttempt(reachable, { ...call, actor: 'relay', random: this.random() });
    const written = await this.attempts.close(concluded);
    this.log.closed(concluded, written);
    return written;
  }
}
