import type { DeliveryId } from '#core';
import type { CallBudget } from './call-budgets.port.js';
import { decideShare, type CallLimits, type CallShare } from './decide-share.js';
import { Pacer } from './pacer.js';

/** More than the relay ever rings for one destination at once; what is rung beyond it goes back. */
const LONGEST_QUEUE = 2000;

/**
 * - `over`: an attempt was made, or there was none to make.
 * - `held_back`: nothing is sent to the destination now.
 */
export type TurnEnd = 'over' | 'held_back';

export interface LaneParts {
  /** As the configuration has it now. */
  readonly limits: () => CallLimits;
  /** Makes one attempt, and calls `callEnded` as soon as the destination is done with it: what is written afterwards takes no place in the lane. */
  readonly turn: (id: DeliveryId, callEnded: () => void) => Promise<TurnEnd>;
  /** Takes deliveries out of this process's hands: they are rung again when they may be sent. */
  readonly giveBack: (ids: readonly DeliveryId[]) => Promise<void>;
}

interface Waiting {
  readonly resolve: (end: void | Promise<void>) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * The deliveries of one destination in this process: some are being sent, the others wait for their turn here and nowhere else. A destination
 * that hangs fills its own lane. Nobody waits who has a job of the queue or a claim in hand.
 */
export class Lane {
  private readonly inHand = new Map<DeliveryId, Promise<void>>();
  private readonly waiting = new Map<DeliveryId, Waiting>();
  private readonly pacer = new Pacer();
  private budget: CallBudget | undefined;
  private calling = 0;
  private timer: NodeJS.Timeout | undefined;
  private closed = false;
  private usedAt = performance.now();

  constructor(private readonly parts: LaneParts) {}

  get size(): number {
    return this.inHand.size;
  }

  /** Those whose turn has not begun. */
  get waits(): number {
    return this.waiting.size;
  }

  get hasBudget(): boolean {
    return this.budget !== undefined;
  }

  /** Nothing is in it, nothing was for so long, and the gap after its last call is over: a pace may be slower than that. */
  isForgettable(unusedMs: number): boolean {
    const now = performance.now();
    if (this.inHand.size > 0 || now - this.usedAt < unusedMs) return false;
    return this.budget === undefined || this.pacer.waitMs(this.shareOf(this.budget).perSecond, now) === 0;
  }

  /** Calls a second made lately, by all processes as far as this one knows. */
  callsPerSecond(): number {
    return this.pacer.callsPerSecond(performance.now()) * (this.budget?.processes ?? 1);
  }

  /** What may be done in the next second; undefined: nothing, until it is known. */
  renew(budget: CallBudget | undefined): void {
    this.budget = budget;
    this.advance();
  }

  /** Resolves when the delivery had its turn or was given back. One that is here already has one turn. @throws when Postgres failed */
  enter(id: DeliveryId): Promise<void> {
    const known = this.inHand.get(id);
    if (known !== undefined) return known;
    if (this.closed || this.waiting.size >= LONGEST_QUEUE) return this.parts.giveBack([id]);
    const done = new Promise<void>((resolve, reject) => this.waiting.set(id, { resolve, reject })).finally(() => {
      this.inHand.delete(id);
      this.usedAt = performance.now();
    });
    this.inHand.set(id, done);
    this.usedAt = performance.now();
    this.advance();
    return done;
  }

  /** No further turns: who waits is given back. */
  close(): void {
    this.closed = true;
    this.clear();
  }

  /** Everybody who waits is given back. */
  private clear(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const all = [...this.waiting];
    this.waiting.clear();
    if (all.length === 0) return;
    const given = this.parts.giveBack(all.map(([id]) => id));
    for (const [, { resolve }] of all) resolve(given);
  }

  private advance(): void {
    if (this.budget === undefined || this.closed) return;
    const share = this.shareOf(this.budget);
    for (const [id, waiting] of this.waiting) {
      if (this.calling >= share.concurrency || !this.isTime(share)) return;
      this.waiting.delete(id);
      this.begin(id, waiting, share);
    }
  }

  private shareOf(budget: CallBudget): CallShare {
    return decideShare(this.parts.limits(), budget);
  }

  private isTime({ perSecond }: CallShare): boolean {
    const now = performance.now();
    const waitMs = this.pacer.waitMs(perSecond, now);
    if (waitMs === 0) return true;
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      this.advance();
    }, Math.ceil(waitMs));
    return false;
  }

  private begin(id: DeliveryId, { resolve, reject }: Waiting, { perSecond }: CallShare): void {
    this.pacer.began(perSecond, performance.now());
    this.calling += 1;
    let ended = false;
    const callEnded = (): void => {
      if (ended) return;
      ended = true;
      this.calling -= 1;
      this.advance();
    };
    this.parts
      .turn(id, callEnded)
      .then((end) => {
        if (end === 'held_back') this.clear();
        resolve();
      }, reject)
      .finally(callEnded);
  }
}
