import { setImmediate as nextTurn } from 'node:timers/promises';
import { CALL_ABORTED } from '#platform';
import type { DestinationAnswer, DestinationCall } from '../../destination.port.js';
import { notSent } from '../over-http/read-http-answer.js';

/** One delivery's call, waiting to be sent together with others. */
export interface BatchedCall {
  readonly call: DestinationCall;
  /** What the other side tells records apart by, in one spelling: two calls with one key never travel at the same time. */
  readonly key: string;
  /** What it adds to a batch. */
  readonly bytes: number;
}

/** What a batch has to end by. */
export interface BatchLimits {
  /** For everything that is sent for this batch, in milliseconds from now. */
  readonly timeoutMs: number;
  /** Breaks it off. */
  readonly signal: AbortSignal;
}

export interface BatchesOptions<Call extends BatchedCall> {
  readonly maxCalls: number;
  readonly maxBytes: number;
  /** Batches under way at once. */
  readonly inFlight: number;
  /** From `submit` to its answer, in milliseconds. Half of it may be spent on waiting for a turn. */
  readonly timeoutMs: number;
  /** @returns an answer for each call, in the order given; never rejects */
  readonly send: (calls: readonly Call[], limits: BatchLimits) => Promise<readonly DestinationAnswer[]>;
}

interface Waiting<Call> {
  readonly item: Call;
  /** performance.now() by which its answer is due. */
  readonly dueBy: number;
  readonly settle: (answer: DestinationAnswer) => void;
  readonly fail: (error: unknown) => void;
  /** Ends the waiting: nothing ends it from outside any more. */
  readonly leave: () => void;
}

/**
 * Sends calls that come at the same time together, and gives each its own answer.
 *
 * There is no timer that collects: a batch leaves on the next turn of the loop while fewer than `inFlight` are under way, else when one
 * returns. A single lead waits for nothing; under load the batches grow by themselves.
 *
 * Calls for one record (`key`) go one after the other, in the order they came: a destination refuses a batch that names a record twice, and
 * two batches at once could leave the older values. A call that had no turn within half of its time was not sent.
 *
 * What a batch tells of its destination is one word: its first lead is the subject of all its answers, so a batch that fails is one failure.
 */
export class Batches<Call extends BatchedCall> {
  private waiting: Waiting<Call>[] = [];
  private underWay = 0;
  private scheduled = false;
  private readonly busy = new Set<string>();

  constructor(private readonly options: BatchesOptions<Call>) {}

  submit(item: Call): Promise<DestinationAnswer> {
    const { signal } = item.call;
    if (signal.aborted) return Promise.resolve(BROKEN_OFF);
    return new Promise((settle, fail) => {
      const giveUp = (answer: DestinationAnswer): void => {
        waiting.leave();
        this.waiting = this.waiting.filter((one) => one !== waiting);
        settle(answer);
      };
      const onAbort = (): void => giveUp(BROKEN_OFF);
      const timer = setTimeout(() => giveUp(NO_TURN), this.options.timeoutMs / 2);
      const leave = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
      };
      const waiting: Waiting<Call> = { item, dueBy: performance.now() + this.options.timeoutMs, settle, fail, leave };
      signal.addEventListener('abort', onAbort, { once: true });
      this.waiting.push(waiting);
      this.schedule();
    });
  }

  private schedule(): void {
    if (this.scheduled || this.underWay >= this.options.inFlight || this.waiting.length === 0) return;
    this.scheduled = true;
    void nextTurn().then(() => {
      this.scheduled = false;
      if (this.underWay >= this.options.inFlight) return;
      const batch = this.take();
      if (batch.length === 0) return;
      void this.run(batch);
      this.schedule();
    });
  }

  /** The oldest whose records nobody writes at the moment. */
  private take(): Waiting<Call>[] {
    const { maxCalls, maxBytes } = this.options;
    const taken: Waiting<Call>[] = [];
    let bytes = 0;
    for (const one of this.waiting) {
      if (taken.length >= maxCalls || (taken.length > 0 && bytes + one.item.bytes > maxBytes)) break;
      if (this.busy.has(one.item.key)) continue;
      this.busy.add(one.item.key);
      bytes += one.item.bytes;
      taken.push(one);
    }
    const leaving = new Set(taken);
    this.waiting = this.waiting.filter((one) => !leaving.has(one));
    for (const { leave } of taken) leave();
    return taken;
  }

  private async run(batch: readonly Waiting<Call>[]): Promise<void> {
    this.underWay += 1;
    try {
      const timeoutMs = Math.max(1, Math.min(...batch.map(({ dueBy }) => dueBy)) - performance.now());
      const answers = await this.options.send(
        batch.map(({ item }) => item),
        { timeoutMs, signal: signalOf(batch) },
      );
      const subject = (batch[0] as Waiting<Call>).item.call.leadId;
      batch.forEach(({ settle, fail }, index) => {
        const answer = answers[index];
        if (answer === undefined) fail(new Error('A batch came back without an answer for one of its calls.'));
        else settle(batch.length === 1 ? answer : { ...answer, subject });
      });
    } catch (error) {
      for (const { fail } of batch) fail(error);
    } finally {
      this.underWay -= 1;
      for (const { item } of batch) this.busy.delete(item.key);
      this.schedule();
    }
  }
}

/** Calls are broken off when their process ends, which is the same moment for all of them. */
function signalOf(batch: readonly Waiting<BatchedCall>[]): AbortSignal {
  const signals = [...new Set(batch.map(({ item }) => item.call.signal))];
  return signals.length === 1 ? (signals[0] as AbortSignal) : AbortSignal.any(signals);
}

const BROKEN_OFF = notSent(CALL_ABORTED, 'Broken off at shutdown', 'us');
const NO_TURN = notSent('NO_TURN', 'Not sent in time: the calls before it took too long', 'us');
