import { type DecisionEvent, DecisionSink } from '#core';
import { type Datagram, type LineGroup, packDatagrams } from './pack-datagrams.js';
import { addedUp, counterLine, countersOf } from './statsd-lines.js';
import type { Outlet } from './udp-outlet.js';

/** Between a decision and its lines; also what many decisions are added up over. */
export const FLUSH_MS = 100;
/** Up to so many decisions of one flush are told one by one; more are added up, so that a flood costs one datagram a flush. */
const ONE_BY_ONE = 50;

/**
 * Decisions on their way to StatsD. Telling one costs an entry in a bounded list and no more; the list is emptied by a timer, in one go,
 * when the outlet takes it. Decisions that find the list full, or whose datagram could not be sent, are counted as dropped.
 */
export class DecisionTelemetry extends DecisionSink {
  private waiting: DecisionEvent[] = [];
  private timer: NodeJS.Timeout | undefined;
  private droppedUntold = 0;
  private stopped = false;

  constructor(
    private readonly outlet: Outlet,
    private readonly capacity: number,
    private readonly onDropped: (decisions: number) => void = () => undefined,
  ) {
    super();
  }

  /** From 0 to 1. */
  get fillRatio(): number {
    return this.waiting.length / this.capacity;
  }

  override decided(event: DecisionEvent): void {
    if (this.stopped || this.waiting.length >= this.capacity) return this.dropped(1);
    this.waiting.push(event);
    this.timer ??= setTimeout(() => this.flush(), FLUSH_MS).unref();
  }

  /** Tells what waits, for at most `limitMs`; what then is left is dropped. */
  async stop(limitMs: number): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    this.tell();
    let limit: NodeJS.Timeout | undefined;
    await Promise.race([this.outlet.idle(), new Promise<void>((resolve) => (limit = setTimeout(resolve, limitMs)))]);
    clearTimeout(limit);
    this.dropped(this.waiting.length);
    this.waiting = [];
    this.outlet.close();
  }

  private flush(): void {
    this.timer = undefined;
    this.tell();
    if (this.waiting.length > 0) this.timer = setTimeout(() => this.flush(), FLUSH_MS).unref();
  }

  private tell(): void {
    if (this.waiting.length === 0 || !this.outlet.isReady()) return;
    const events = this.waiting;
    this.waiting = [];
    const untold = this.droppedUntold;
    this.droppedUntold = 0;
    const groups = [...groupsOf(events), ...(untold === 0 ? [] : [{ lines: [counterLine('dropped', untold)], decisions: 0 }])];
    const datagrams = packDatagrams(groups);
    for (const [index, datagram] of datagrams.entries()) {
      this.send(datagram, index === datagrams.length - 1 ? untold : 0);
    }
  }

  /** @param untold how many dropped decisions the datagram tells of: to be told again when it does not leave */
  private send({ text, decisions }: Datagram, untold: number): void {
    this.outlet.send(text, (sent) => {
      if (sent) return;
      this.droppedUntold += untold;
      this.dropped(decisions);
    });
  }

  private dropped(decisions: number): void {
    if (decisions === 0) return;
    this.droppedUntold += decisions;
    this.onDropped(decisions);
  }
}

function groupsOf(events: readonly DecisionEvent[]): LineGroup[] {
  if (events.length > ONE_BY_ONE) return [{ lines: addedUp(events), decisions: events.length }];
  return events.map((event) => ({ lines: countersOf(event).map((name) => counterLine(name, 1)), decisions: 1 }));
}
