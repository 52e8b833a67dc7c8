import { setMaxListeners } from 'node:events';
import type { DeliveryId } from '#core';
import { failpoint } from '#platform';
import type { ClosedAttempt, OpenAttempt } from './attempt.js';
import { AttemptLedger, LEASE_SECONDS } from './attempt-ledger.port.js';
import type { AttemptLog } from './attempt-log.js';
import { concludeAttempt } from './conclude-attempt.js';
import type { ConfiguredDestinations, ReachableDestination } from './configured-destinations.js';
import type { DestinationAnswer } from './destination.port.js';
import { DueDeliveries, type WaitingDelivery } from './due-deliveries.port.js';

/** An attempt that waited this long between its claim and its call (the process was stopped, the machine slept) is not sent any more. */
const STALE_CLAIM_MS = (LEASE_SECONDS / 2 - 5) * 1000;

/**
 * Decided leads → the CRM: open attempt, send, close attempt.
 *
 * What makes it safe to run anything twice, late or at the same time:
 * - A delivery is claimed by one statement that asks for PENDING or RETRYING and due; one process wins. A delivered one is never asked for.
 * - The claim is committed before a byte leaves and the outcome before `run` returns. A crash in between leaves an attempt that says
 *   `unknown`, which ReclaimExpiredLeases finds.
 * - The slot of the destination is taken before the claim, so a lease never runs while a call waits for its turn.
 * - Lease (60 s) > oldest claim still sent (25 s) + longest call (30 s). Whoever comes later than that is fenced out by the attempt number.
 */
export class DeliverLeads {
  private readonly breakOff = new AbortController();
  private readonly running = new Set<Promise<void>>();
  private stopped = false;

  constructor(
    private readonly due: DueDeliveries,
    private readonly attempts: AttemptLedger,
    private readonly destinations: ConfiguredDestinations,
    private readonly log: AttemptLog,
    private readonly random: () => number = Math.random,
  ) {
    setMaxListeners(0, this.breakOff.signal);
  }

  /** A job is in hand: its calls are under way or wait for their turn. */
  get busy(): boolean {
    return this.running.size > 0;
  }

  /**
   * Makes one attempt for each of the deliveries that is due.
   * @throws when Postgres could not be asked or told; what was not claimed stays due, what was claimed is found when its lease ends
   */
  async run(ids: readonly DeliveryId[]): Promise<void> {
    const work = this.deliverAll(ids);
    this.running.add(work);
    try {
      await work;
    } finally {
      this.running.delete(work);
    }
  }

  /** No further claims. Calls in flight may finish within the deadline; then they are broken off and recorded as unknown. */
  async stop({ deadlineSeconds }: { deadlineSeconds: number }): Promise<void> {
    this.stopped = true;
    const deadline = setTimeout(() => this.breakOff.abort(), deadlineSeconds * 1000);
    await Promise.allSettled(this.running);
    clearTimeout(deadline);
    await this.attempts.drain();
  }

  private async deliverAll(ids: readonly DeliveryId[]): Promise<void> {
    if (this.stopped) return this.due.unring(ids);
    await failpoint('deliver_before_claim');
    const looked = await Promise.all(ids.map((id) => this.due.look(id)));
    const waiting = looked.filter((delivery) => delivery !== null);
    const tooEarly = waiting.filter(({ due }) => !due);
    const unsendable = new Map<string, DeliveryId[]>();
    const unclaimed: DeliveryId[] = tooEarly.map(({ id }) => id);
    const work = waiting
      .filter(({ due }) => due)
      .map(async (delivery) => {
        const found = this.destinations.find(delivery.tenantId, delivery.destinationId);
        if ('problem' in found) unsendable.set(found.problem, [...(unsendable.get(found.problem) ?? []), delivery.id]);
        else if (!(await this.deliverOne(delivery, found))) unclaimed.push(delivery.id);
      });
    const results = await Promise.allSettled(work);
    await this.due.unring(unclaimed);
    for (const [problem, parked] of unsendable) {
      this.log.parked(problem);
      await this.due.park(parked, this.destinations.retryBaseSeconds, problem);
    }
    const failure = results.find((result) => result.status === 'rejected');
    if (failure !== undefined) throw failure.reason;
  }

  /** @returns false when the process stops before the delivery had its turn */
  private async deliverOne({ id }: WaitingDelivery, reachable: ReachableDestination): Promise<boolean> {
    await reachable.slots.acquire();
    let closed: ClosedAttempt | null;
    try {
      if (this.stopped) return false;
      closed = await this.attempt(id, reachable);
    } finally {
      reachable.slots.release();
    }
    if (closed !== null) this.log.closed(closed, await this.attempts.close(closed));
    await failpoint('deliver_after_close');
    return true;
  }

  /** null: the delivery was not to be had, or its claim grew old before the call could begin. */
  private async attempt(id: DeliveryId, reachable: ReachableDestination): Promise<ClosedAttempt | null> {
    const asked = performance.now();
    const attempt = await this.attempts.open(id);
    const began = performance.now();
    if (attempt === null || began - asked > STALE_CLAIM_MS) return null;
    await failpoint('deliver_after_claim', attempt.leadId);
    const answer = await this.send(attempt, reachable);
    await failpoint('deliver_after_answer', attempt.leadId);
    const durationMs = Math.round(performance.now() - began);
    return concludeAttempt(reachable, { attempt, answer, durationMs, actor: 'delivery', random: this.random() });
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
