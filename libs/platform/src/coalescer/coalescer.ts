import { setImmediate as nextTurn } from 'node:timers/promises';
import { isDataError, isRepeatable } from '../postgres/sql-state.js';

export interface CoalescerOptions<Item, Result> {
  /** Metric label. */
  readonly name: string;
  /** Writes the items in one commit and answers each one, in the order given. */
  readonly flush: (items: readonly Item[]) => Promise<readonly Result[]>;
  /** The unique key the items are sorted by: unsorted batches of two processes deadlock (measured 23 of 60 pairs; sorted 0). */
  readonly sortKey: (item: Item) => string;
  /** Bytes an item adds to a flush. */
  readonly bytes?: (item: Item) => number;
  /**
   * An item that waited longer for its turn is rejected with WaitedTooLong and not written: for submitters who would have told somebody
   * by then that it failed. Without it items wait as long as it takes.
   */
  readonly maxWaitMs?: number;
  readonly onFlush?: (rows: number, seconds: number) => void;
}

/** Nothing was written and nothing will be. */
export class WaitedTooLong extends Error {
  readonly code = 'WAITED_TOO_LONG';
  constructor(name: string) {
    super(`Nothing of it was written: it waited too long for its turn in ${name}.`);
    this.name = 'WaitedTooLong';
  }
}

interface Waiting<Item, Result> {
  readonly item: Item;
  /** performance.now() */
  readonly since: number;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

const MAX_ROWS = 100;
const MAX_BYTES = 2 * 1024 * 1024;
const MAX_IN_FLIGHT = 2;
const MAX_REPEATS = 3;

/**
 * Group commit: single submissions share one transaction and one fsync.
 *
 * There is no timer. A flush starts at once while fewer than two are in flight, else when one returns; what arrives meanwhile goes
 * out together. Under no load an item waits for nothing; under load the batch grows by itself.
 *
 * A flush that fails by deadlock or serialization (40P01, 40001) is repeated. One that fails because of a row's data (SQLSTATE
 * classes 22 and 23) is repeated row by row, so that a bad row harms only itself. Any other failure is everybody's.
 */
export class Coalescer<Item, Result> {
  private waiting: Waiting<Item, Result>[] = [];
  private inFlight = 0;
  private scheduled = false;
  private idle: (() => void)[] = [];

  constructor(private readonly options: CoalescerOptions<Item, Result>) {}

  /** @param since performance.now() when its submitter began to wait, where that was before now */
  submit(item: Item, since = performance.now()): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ item, since, resolve, reject });
      this.schedule();
    });
  }

  /** Resolves when nothing waits and nothing is in flight. */
  async drain(): Promise<void> {
    while (this.inFlight > 0 || this.waiting.length > 0) await new Promise<void>((resolve) => this.idle.push(resolve));
  }

  /** Starts on the next turn of the loop, so that everything one read of the sockets brought is in the first flush. */
  private schedule(): void {
    if (this.scheduled || this.inFlight >= MAX_IN_FLIGHT || this.waiting.length === 0) return;
    this.scheduled = true;
    void nextTurn().then(() => {
      this.scheduled = false;
      if (this.inFlight < MAX_IN_FLIGHT) this.start();
      this.schedule();
    });
  }

  private start(): void {
    this.giveUpLate();
    if (this.waiting.length > 0) void this.run(this.take());
    else this.wakeIfIdle();
  }

  private giveUpLate(): void {
    const { maxWaitMs, name } = this.options;
    if (maxWaitMs === undefined) return;
    const oldest = performance.now() - maxWaitMs;
    const late = this.waiting.filter(({ since }) => since < oldest);
    if (late.length === 0) return;
    this.waiting = this.waiting.filter(({ since }) => since >= oldest);
    for (const { reject } of late) reject(new WaitedTooLong(name));
  }

  private take(): Waiting<Item, Result>[] {
    let rows = 0;
    let bytes = 0;
    for (const { item } of this.waiting) {
      const size = this.options.bytes?.(item) ?? 0;
      if (rows > 0 && (rows >= MAX_ROWS || bytes + size > MAX_BYTES)) break;
      rows += 1;
      bytes += size;
    }
    const taken = this.waiting.splice(0, rows);
    return taken.length === 1 ? taken : sortedBy(taken, ({ item }) => this.options.sortKey(item));
  }

  private async run(batch: Waiting<Item, Result>[]): Promise<void> {
    this.inFlight += 1;
    const began = process.hrtime.bigint();
    try {
      await this.settle(batch);
    } finally {
      this.inFlight -= 1;
      this.options.onFlush?.(batch.length, Number(process.hrtime.bigint() - began) / 1e9);
      this.schedule();
      this.wakeIfIdle();
    }
  }

  private wakeIfIdle(): void {
    if (this.inFlight === 0 && this.waiting.length === 0) for (const wake of this.idle.splice(0)) wake();
  }

  private async settle(batch: Waiting<Item, Result>[]): Promise<void> {
    for (let repeat = 0; ; repeat += 1) {
      try {
        const results = await this.options.flush(batch.map(({ item }) => item));
        batch.forEach(({ resolve }, index) => resolve(results[index] as Result));
        return;
      } catch (error) {
        if (isRepeatable(error) && repeat < MAX_REPEATS) continue;
        if (isDataError(error) && batch.length > 1) {
          for (const one of batch) await this.settle([one]);
          return;
        }
        for (const { reject } of batch) reject(error);
        return;
      }
    }
  }
}

function sortedBy<T>(items: T[], key: (item: T) => string): T[] {
  return items
    .map((item) => ({ item, key: key(item) }))
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    .map(({ item }) => item);
}
