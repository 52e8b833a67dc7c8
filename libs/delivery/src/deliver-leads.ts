import { setTimeout as pause } from 'node:timers/promises';
import type { DeliveryId, DestinationId } from '#core';
import { failpoint, isDatabaseUnavailable, persistently } from '#platform';
import type { AttemptLog } from './attempt-log.js';
import type { CallBudgets } from './call-budgets.port.js';
import type { ConfiguredDestinations } from './configured-destinations.js';
import { tenantOf } from './configured-destinations.js';
import type { CallLimits } from './decide-share.js';
import { DueDeliveries, type WaitingDelivery } from './due-deliveries.port.js';
import type { LaneParts, TurnEnd } from './lane.js';
import { Lanes } from './lanes.js';
import type { MakeAttempt } from './make-attempt.js';

/** Of a destination that cannot be used: one look at a time says so. */
const NO_LIMITS: CallLimits = { concurrency: 1, concurrencyPerProcess: 1, ratePerSecond: null };

/** What is given back is rung again at once, and would be as often as Postgres refuses it. */
const AFTER_A_FAULT_MS = 1000;

/** A job's worth. More would wait here while other processes have nothing to do, and their shares of the destination's limits lie idle (measured). */
const MOST_WAITING_OF_OUR_OWN = 25;

/** A delivery in its lane: settles when it had its turn or was given back. */
interface Turn {
  readonly id: DeliveryId;
  readonly over: Promise<void>;
}

/**
 * Decided leads → the CRM: each delivery enters the lane of its destination and has its turn there: open attempt, send, close attempt.
 *
 * What makes it safe to run anything twice, late or at the same time:
 * - A delivery is claimed by one statement that asks for PENDING or RETRYING and due, and for a destination that takes calls; one process wins.
 *   A delivered one is never asked for.
 * - The claim is committed before a byte leaves. A crash before the outcome leaves an attempt that says `unknown`, which ReclaimExpiredLeases finds.
 * - The place in the lane is taken before the claim, so a lease never runs while a call waits for its turn.
 * - Lease (60 s) > oldest claim still sent (25 s) + longest call (30 s). Whoever comes later than that is fenced out by the attempt number.
 *
 * Most come from a decision of this process, the others through the queue. A job of it is over as soon as its deliveries are in their lanes: one
 * that waited for calls would hold a place that others need. Nothing is lost with either, because the rows are due in Postgres until their outcome is
 * there. What a fault of Postgres keeps from being claimed is given back a second later: it would count as rung for a minute otherwise.
 */
export class DeliverLeads {
  private readonly lanes: Lanes;
  private readonly running = new Set<Promise<unknown>>();
  private stopped = false;

  constructor(
    private readonly due: DueDeliveries,
    private readonly destinations: ConfiguredDestinations,
    private readonly makeAttempt: MakeAttempt,
    private readonly budgets: CallBudgets,
    private readonly log: AttemptLog,
  ) {
    this.lanes = new Lanes(
      budgets,
      (destinationId) => this.laneOf(destinationId),
      (error) => log.unbudgeted(error),
    );
  }

  /** Deliveries are in hand: their calls are under way or wait for their turn. */
  get busy(): boolean {
    return this.running.size > 0 || this.lanes.busy;
  }

  /** Deliveries in hand by destination. */
  inHand(): ReadonlyMap<DestinationId, number> {
    return this.lanes.sizes();
  }

  /**
   * Puts those that are due into their lanes. Their turns come afterwards, and what fails there is logged.
   * @throws when Postgres could not be asked: they stay due
   */
  async take(ids: readonly DeliveryId[]): Promise<void> {
    this.goOn(await this.enter(ids));
  }

  /** Does hardly anybody wait for this destination here? What comes more is for whichever process is free. */
  hasRoom(destinationId: DestinationId): boolean {
    return !this.stopped && this.lanes.waitingFor(destinationId) < MOST_WAITING_OF_OUR_OWN;
  }

  /** Deliveries that this process has just decided go straight into their lane: a look would find what their decision wrote. */
  takeDecided(destinationId: DestinationId, ids: readonly DeliveryId[]): void {
    const found = this.destinations.find(tenantOf(destinationId), destinationId);
    const parked = 'problem' in found ? this.park(ids, found.problem) : undefined;
    this.goOn(ids.map((id) => ({ id, over: parked ?? this.lanes.of(destinationId).enter(id) })));
  }

  /**
   * As `take`, and resolves when each of them had its turn or was given back.
   * @throws when Postgres could not be asked or told; what was not claimed stays due, what was claimed is found when its lease ends
   */
  async run(ids: readonly DeliveryId[]): Promise<void> {
    await this.watch(await this.enter(ids));
  }

  /** No further claims. Calls in flight may finish within the deadline; then they are broken off and recorded as unknown. */
  async stop({ deadlineSeconds }: { deadlineSeconds: number }): Promise<void> {
    this.stopped = true;
    const deadline = setTimeout(() => this.makeAttempt.breakOffCalls(), deadlineSeconds * 1000);
    await this.lanes.close();
    await Promise.allSettled(this.running);
    clearTimeout(deadline);
    await this.makeAttempt.drain();
    await this.budgets.giveUp().catch((error: unknown) => this.log.unbudgeted(error));
  }

  /** @returns the turns of those that are due */
  private async enter(ids: readonly DeliveryId[]): Promise<readonly Turn[]> {
    if (this.stopped) {
      await this.due.unring(ids);
      return [];
    }
    await failpoint('deliver_before_claim');
    try {
      const looked = await Promise.all(ids.map((id) => this.due.look(id)));
      const waiting = looked.filter((delivery) => delivery !== null);
      const callable = await this.parkOthers(waiting.filter(({ due }) => due));
      const early = waiting.filter(({ due }) => !due).map(({ id }) => id);
      if (early.length > 0) await this.due.unring(early);
      return callable.map(({ id, destinationId }) => ({ id, over: this.lanes.of(destinationId).enter(id) }));
    } catch (error) {
      if (isDatabaseUnavailable(error)) await this.giveBack(ids);
      throw error;
    }
  }

  /** What was claimed is left alone by it: that is found when its lease ends. */
  private async giveBack(ids: readonly DeliveryId[]): Promise<void> {
    if (!this.stopped) await pause(AFTER_A_FAULT_MS);
    await persistently(
      () => this.due.unring(ids),
      () => this.stopped,
    );
  }

  /**
   * Those of destinations that cannot be used are parked together, without a turn: a destination that was removed may have left a long backlog,
   * which is due again and again.
   * @returns the others
   */
  private async parkOthers(due: readonly WaitingDelivery[]): Promise<readonly WaitingDelivery[]> {
    const parked = new Map<string, DeliveryId[]>();
    const callable = due.filter(({ id, tenantId, destinationId }) => {
      const found = this.destinations.find(tenantId, destinationId);
      if (!('problem' in found)) return true;
      parked.set(found.problem, [...(parked.get(found.problem) ?? []), id]);
      return false;
    });
    await Promise.all([...parked].map(([problem, ids]) => this.park(ids, problem)));
    return callable;
  }

  private async park(ids: readonly DeliveryId[], problem: string): Promise<void> {
    this.log.parked(problem);
    await this.due.park(ids, this.destinations.retryBaseSeconds, problem);
  }

  private goOn(turns: readonly Turn[]): void {
    void this.watch(turns).catch((error: unknown) => this.log.unfinished(error));
  }

  private async watch(turns: readonly Turn[]): Promise<void> {
    const work = this.finish(turns);
    this.running.add(work);
    const failure = await work;
    this.running.delete(work);
    if (failure !== undefined) throw failure.reason;
  }

  /** @returns the first failure, when what failed has been given back */
  private async finish(turns: readonly Turn[]): Promise<PromiseRejectedResult | undefined> {
    const results = await Promise.allSettled(turns.map(({ over }) => over));
    const unclaimed = turns.filter((_turn, at) => {
      const result = results[at];
      return result?.status === 'rejected' && isDatabaseUnavailable(result.reason);
    });
    if (unclaimed.length > 0) await this.giveBack(unclaimed.map(({ id }) => id));
    return results.find((result) => result.status === 'rejected');
  }

  private laneOf(destinationId: DestinationId): LaneParts {
    const find = () => this.destinations.find(tenantOf(destinationId), destinationId);
    return {
      limits: () => {
        const found = find();
        return 'problem' in found ? NO_LIMITS : found.limits;
      },
      turn: (id, callEnded) => this.turn(id, destinationId, callEnded),
      giveBack: (ids) => this.due.unring(ids),
    };
  }

  private async turn(id: DeliveryId, destinationId: DestinationId, callEnded: () => void): Promise<TurnEnd> {
    // Found now, not when it entered: what was mended meanwhile counts.
    const reachable = this.destinations.find(tenantOf(destinationId), destinationId);
    if (!('problem' in reachable)) {
      const callsPerSecond = (): number => this.lanes.of(destinationId).callsPerSecond();
      return this.makeAttempt.run(id, { reachable, callEnded, callsPerSecond });
    }
    await this.park([id], reachable.problem);
    return 'over';
  }
}
