/**
 * A closed loop over keep-alive connections: each sends its next request when the answer to the last one is there. Raw sockets and a
 * minimal reader, because the generator shares the processor with what it measures.
 */
import { connect, type Socket } from 'node:net';
import { AnswerReader, type Answer } from './answer-reader.js';

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

const RECONNECT_MS = 50;
const WATCH_MS = 250;

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
    const sorted = Float64Array.from(this.latencies).sort();
    const percentile = (share: number): number => round(sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0);
    const seconds = (this.lastAnswerAt - this.startedAt) / 1000;
    return {
      requests: this.ok + this.non2xx + this.errors,
      ok: this.ok,
      non2xx: this.non2xx,
      errors: this.errors,
      rps: seconds > 0 ? round(this.ok / seconds) : 0,
      p50_ms: percentile(0.5),
      p95_ms: percentile(0.95),
      p99_ms: percentile(0.99),
    };
  }
}

/** One connection at a time, made anew as often as the run needs it. */
class Sender {
  private socket: Socket | undefined;
  private reader = new AnswerReader();
  private inFlight: { number: number; sentAt: number } | undefined;
  private lostSince: number | undefined;

  constructor(
    private readonly run: LoadRun,
    private readonly finished: () => void,
  ) {
    this.connect();
  }

  /** Cuts a request that waits too long. */
  watch(now: number): void {
    if (this.inFlight !== undefined && now - this.inFlight.sentAt > this.run.options.timeoutMs) this.socket?.destroy();
  }

  private connect(): void {
    if (this.run.isOver()) return this.finished();
    const { hostname, port } = this.run.options.url;
    this.reader = new AnswerReader();
    const socket = connect({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 80), noDelay: true });
    this.socket = socket;
    socket.on('connect', () => {
      this.lostSince = undefined;
      this.sendNext();
    });
    socket.on('data', (chunk) => this.receive(() => this.reader.feed(chunk)));
    socket.on('end', () => this.receive(() => this.reader.end()));
    // What went wrong is told by 'close', which always follows; without a listener the error would end the process.
    socket.on('error', () => undefined);
    socket.on('close', () => this.closed(socket));
  }

  private sendNext(): void {
    if (this.run.isOver()) {
      this.socket?.end();
      return;
    }
    const number = this.run.takeNumber();
    this.inFlight = { number, sentAt: performance.now() };
    this.socket?.write(this.run.options.request(number));
  }

  private receive(read: () => Answer | undefined): void {
    let answer: Answer | undefined;
    try {
      answer = read();
    } catch {
      this.socket?.destroy();
      return;
    }
    if (answer === undefined || this.inFlight === undefined) return;
    const { number, sentAt } = this.inFlight;
    this.inFlight = undefined;
    this.run.answered(number, answer, sentAt);
    if (answer.closes) this.socket?.end();
    else this.sendNext();
  }

  /** After an answer with `Connection: close` it goes on at once; after a loss it waits, so a dead server is not hammered. */
  private closed(socket: Socket): void {
    const neverConnected = socket.bytesRead === 0 && socket.bytesWritten === 0;
    if (this.inFlight === undefined && !neverConnected) return this.connect();
    this.run.errors += 1;
    this.inFlight = undefined;
    this.lostSince ??= performance.now();
    if (performance.now() - this.lostSince > this.run.options.timeoutMs) return this.finished();
    setTimeout(() => this.connect(), RECONNECT_MS);
  }
}

export async function runLoad(options: LoadOptions): Promise<LoadReport> {
  const run = new LoadRun(options);
  const senders: Sender[] = [];
  const watch = setInterval(() => {
    const now = performance.now();
    for (const sender of senders) sender.watch(now);
  }, WATCH_MS);
  const ends = Array.from({ length: options.connections }, () => new Promise<void>((resolve) => senders.push(new Sender(run, resolve))));
  await Promise.all(ends);
  clearInterval(watch);
  return run.report();
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
