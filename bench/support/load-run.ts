/** A closed loop over keep-alive connections: each sends its next request when the answer to the last one is there. */
import type { Answer } from './answer-reader.js';
import { withConnections } from './http-connection.js';
import { percentilesOf, rounded } from './statistics.js';

export interface LoadOptions {
  url: URL;
  connections: number;
  /** Stop after so many requests were sent, or begin none after so many seconds. */
  stop: { count: number } | { seconds: number };
  /** A request without an answer for so long counts as an error; so long is a server looked for that takes no connection. */
  timeoutMs: number;
  /** The bytes of request `number`, from 0. Kept by the run until they are answered. */
  request: (number: number) => Buffer;
  /** Told of each 2xx answer. */
  onAcknowledged?: (number: number, answer: Answer) => void;
  /** Ends the run early: requests in flight are still waited for. */
  signal?: AbortSignal;
}

/** Latencies in milliseconds over all answers, from the first byte written to the last byte read. */
export interface LoadReport {
  /** ok + non2xx + errors. */
  requests: number;
  ok: number;
  non2xx: number;
  /** No answer: refused, reset, cut off, not HTTP, or timed out. */
  errors: number;
  /** 2xx answers per second, from the first request to the last answer. */
  rps: number;
  p50_ms: number;
  p95_ms: number;
  p99_ms: number;
}

/** What the connections of one run share: the numbers still to be sent, and the tally. */
class LoadRun {
  ok = 0;
  non2xx = 0;
  errors = 0;
  private readonly latencies: number[] = [];
  private sent = 0;
  private readonly startedAt = performance.now();
  private lastAnswerAt = this.startedAt;

  constructor(readonly options: LoadOptions) {}

  isOver(): boolean {
    const { stop, signal } = this.options;
    if (signal?.aborted === true) return true;
    return 'count' in stop ? this.sent >= stop.count : performance.now() - this.startedAt >= stop.seconds * 1000;
  }

  takeNumber(): number {
    this.sent += 1;
    return this.sent - 1;
  }

  answered(number: number, answer: Answer, sentAt: number): void {
    this.lastAnswerAt = performance.now();
    this.latencies.push(this.lastAnswerAt - sentAt);
    if (answer.status >= 200 && answer.status < 300) {
      this.ok += 1;
      this.options.onAcknowledged?.(number, answer);
    } else this.non2xx += 1;
  }

  report(): LoadReport {
    const seconds = (this.lastAnswerAt - this.startedAt) / 1000;
    return {
      requests: this.ok + this.non2xx + this.errors,
      ok: this.ok,
      non2xx: this.non2xx,
      errors: this.errors,
      rps: seconds > 0 ? rounded(this.ok / seconds) : 0,
      ...percentilesOf(this.latencies),
    };
  }
}

export async function runLoad(options: LoadOptions): Promise<LoadReport> {
  const run = new LoadRun(options);
  await withConnections(options.connections, {
    url: options.url,
    timeoutMs: options.timeoutMs,
    onFree: (connection) => {
      if (run.isOver()) return connection.close();
      const number = run.takeNumber();
      const sentAt = performance.now();
      connection.send(options.request(number), (answer) => {
        if (answer === undefined) run.errors += 1;
        else run.answered(number, answer, sentAt);
      });
    },
    onLost: (_connection, refused) => {
      if (refused) run.errors += 1;
    },
    isOver: () => run.isOver(),
  });
  return run.report();
}
