import type { DestinationId } from '#core';
import type { CallBudgets } from './call-budgets.port.js';
import { Lane, type LaneParts } from './lane.js';

const RENEW_MS = 1000;
/** A lane that was not used for this long is forgotten; the next delivery of its destination asks for a budget first. */
const IDLE_MS = 5000;

/** The lanes of this process. Those in use share one statement a second that says so and hears what each may do. */
export class Lanes {
  private readonly lanes = new Map<DestinationId, Lane>();
  private timer: NodeJS.Timeout | undefined;
  private renewing: Promise<void> | undefined;
  private again = false;
  private closed = false;

  constructor(
    private readonly budgets: CallBudgets,
    private readonly partsOf: (destinationId: DestinationId) => LaneParts,
    private readonly onFailure: (error: unknown) => void,
  ) {}

  get busy(): boolean {
    return this.inUse().length > 0;
  }

  /** Waiting and being sent, by destination. */
  sizes(): ReadonlyMap<DestinationId, number> {
    return new Map([...this.lanes].map(([id, lane]) => [id, lane.size]));
  }

  /** Those whose turn has not begun, of one destination. */
  waitingFor(destinationId: DestinationId): number {
    return this.lanes.get(destinationId)?.waits ?? 0;
  }

  of(destinationId: DestinationId): Lane {
    let lane = this.lanes.get(destinationId);
    if (lane === undefined) {
      lane = new Lane(this.partsOf(destinationId));
      if (this.closed) lane.close();
      this.lanes.set(destinationId, lane);
    }
    if (!lane.hasBudget) void this.renew();
    return lane;
  }

  /** No further turns. */
  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.timer);
    for (const lane of this.lanes.values()) lane.close();
    await this.renewing;
  }

  private inUse(): DestinationId[] {
    return [...this.lanes].filter(([, { size }]) => size > 0).map(([id]) => id);
  }

  /** One renewal at a time; a lane that comes into use meanwhile is part of the next. */
  private renew(): Promise<void> {
    this.again = true;
    this.renewing ??= this.renewUntilAllHave().finally(() => {
      this.renewing = undefined;
    });
    return this.renewing;
  }

  private async renewUntilAllHave(): Promise<void> {
    clearTimeout(this.timer);
    while (this.again && !this.closed) {
      // What entered in this turn of the loop is part of it.
      await Promise.resolve();
      this.again = false;
      this.retire();
      const ids = [...this.lanes.keys()].sort();
      if (ids.length === 0) return;
      try {
        const budgets = await this.budgets.lease(ids);
        for (const [id, budget] of budgets) this.lanes.get(id)?.renew(budget);
      } catch (error) {
        // Who has a budget goes on with it: without Postgres nothing can be claimed anyway.
        this.onFailure(error);
        this.again = false;
      }
    }
    if (this.closed) return;
    this.timer = setTimeout(() => void this.renew(), RENEW_MS);
    this.timer.unref();
  }

  private retire(): void {
    for (const [id, lane] of this.lanes) if (lane.isForgettable(IDLE_MS)) this.lanes.delete(id);
  }
}
