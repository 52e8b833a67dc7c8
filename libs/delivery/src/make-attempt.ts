import { setMaxListeners } from 'node:events';
import type { DeliveryId } from '#core';
import { failpoint } from '#platform';
import type { ClosedAttempt, OpenAttempt } from './attempt.js';
import { AttemptLedger, LEASE_SECONDS } from './attempt-ledger.port.js';
import type { AttemptLog } from './attempt-log.js';
import { concludeAttempt } from './conclude-attempt.js';
import type { ReachableDestination } from './configured-destinations.js';
import type { DestinationAnswer } from './destination.port.js';
import type { TurnEnd } from './lane.js';

/** An attempt that waited this long between its claim and its call (the process was stopped, the machine slept) is not sent any more. */
const STALE_CLAIM_MS = (LEASE_SECONDS / 2 - 5) * 1000;

export interface AttemptCall {
  readonly reachable: ReachableDestination;
  /** Called when the destination is done with the call. */
  readonly callEnded: () => void;
  /** Calls a second made to the destination lately. */
  readonly callsPerSecond: () => number;
}

/** One attempt: open it, send, close it. */
export class MakeAttempt {
  private readonly breakOff = new AbortController();

  constructor(
    private readonly attempts: AttemptLedger,
    private readonly log: AttemptLog,
    private readonly random: () => number = Math.random,
  ) {
    setMaxListeners(0, this.breakOff.signal);
  }

  /** @throws when Postgres could not be asked or told; what was not claimed stays due, what was claimed is found when its lease ends */
  async run(id: DeliveryId, call: AttemptCall): Promise<TurnEnd> {
    const asked = performance.now();
    const attempt = await this.attempts.open(id);
    if (attempt === 'held_back') return attempt;
    // The delivery was not to be had, or its claim grew old before the call could begin.
    if (attempt === null || performance.now() - asked > STALE_CLAIM_MS) return 'over';
    await failpoint('deliver_after_claim', attempt.leadId);
    const closed = await this.call(attempt, call);
    await failpoint('deliver_after_answer', attempt.leadId);
    call.callEnded();
    this.log.closed(closed, await this.attempts.close(closed));
    await failpoint('deliver_after_close');
    return 'over';
  }

  /** Calls in flight are broken off and recorded as unknown. */
  breakOffCalls(): void {
    this.breakOff.abort();
  }

  /** Resolves when nothing is being written. */
  drain(): Promise<void> {
    return this.attempts.drain();
  }

  private async call(attempt: OpenAttempt, { reachable, callsPerSecond }: AttemptCall): Promise<ClosedAttempt> {
    const began = performance.now();
    const answer = await this.send(attempt, reachable);
    const durationMs = Math.round(performance.now() - began);
    const made = { attempt, answer, durationMs, callsPerSecond: callsPerSecond(), random: this.random() };
    return concludeAttempt(reachable, { ...made, actor: 'delivery' });
  }

  private async send(attempt: OpenAttempt, { destination }: ReachableDestination): Promise<DestinationAnswer> {
    try {
      return await destination.send({ ...attempt, signal: this.breakOff.signal });
    } catch (error) {
      // A fault of ours: whether bytes left us is not known, and the lead must not hang until its lease ends.
      this.log.failed(error);
      return { signal: { kind: 'unknown', cause: 'Fault inside the gateway' }, errorCode: 'INTERNAL', excerpt: null, recordId: null };
    }
  }
}
