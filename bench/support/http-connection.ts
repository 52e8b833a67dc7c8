/**
 * One keep-alive connection that carries one request at a time, made anew as often as needed. Raw sockets and a minimal reader, because
 * the generator shares the processor with what it measures.
 */
import { connect, type Socket } from 'node:net';
import { type Answer, AnswerReader } from './answer-reader.js';

export interface ConnectionOptions {
  readonly url: URL;
  /** A request without an answer for so long is given up; so long is a server looked for that takes no connection. */
  readonly timeoutMs: number;
  /** The connection can carry a request: call `send` now or later, or `close`. */
  readonly onFree: (connection: HttpConnection) => void;
  /** Asked before a connection is made anew: true ends it instead. */
  readonly isOver: () => boolean;
  /** It is gone and will be made anew: a connection that was free no longer is. `refused`: it had never been made. */
  readonly onLost?: (connection: HttpConnection, refused: boolean) => void;
  /** Closed, or the server took no connection for too long. Nothing follows. */
  readonly onEnd: () => void;
}

const RECONNECT_MS = 50;

export class HttpConnection {
  private socket: Socket | undefined;
  private reader = new AnswerReader();
  private waiting: { readonly sentAt: number; readonly done: (answer: Answer | undefined) => void } | undefined;
  private lostSince: number | undefined;
  private ended = false;

  constructor(private readonly options: ConnectionOptions) {
    this.open();
  }

  /** @param done told once: the answer, or undefined when there is none (refused, reset, cut off, not HTTP, timed out) */
  send(bytes: Buffer, done: (answer: Answer | undefined) => void): void {
    this.waiting = { sentAt: performance.now(), done };
    this.socket?.write(bytes);
  }

  /** Cuts a request that waits too long. */
  watch(now: number): void {
    if (this.waiting !== undefined && now - this.waiting.sentAt > this.options.timeoutMs) this.socket?.destroy();
  }

  close(): void {
    if (this.ended) return;
    this.ended = true;
    this.socket?.end();
    this.options.onEnd();
  }

  private open(): void {
    if (this.ended) return;
    if (this.options.isOver()) return this.close();
    const { hostname, port } = this.options.url;
    this.reader = new AnswerReader();
    const socket = connect({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 80), noDelay: true });
    this.socket = socket;
    socket.on('connect', () => {
      this.lostSince = undefined;
      this.options.onFree(this);
    });
    socket.on('data', (chunk) => this.receive(() => this.reader.feed(chunk)));
    socket.on('end', () => this.receive(() => this.reader.end()));
    // What went wrong is told by 'close', which always follows; without a listener the error would end the process.
    socket.on('error', () => undefined);
    socket.on('close', () => this.closed(socket));
  }

  private receive(read: () => Answer | undefined): void {
    let answer: Answer | undefined;
    try {
      answer = read();
    } catch {
      this.socket?.destroy();
      return;
    }
    if (answer === undefined || this.waiting === undefined) return;
    const { done } = this.waiting;
    this.waiting = undefined;
    done(answer);
    if (answer.closes) this.socket?.end();
    else this.options.onFree(this);
  }

  /** After an answer with `Connection: close` it goes on at once; after a loss it waits, so a dead server is not hammered. */
  private closed(socket: Socket): void {
    if (this.ended) return;
    const neverConnected = socket.bytesRead === 0 && socket.bytesWritten === 0;
    const lost = this.waiting;
    this.waiting = undefined;
    this.options.onLost?.(this, neverConnected);
    if (lost === undefined && !neverConnected) return this.open();
    lost?.done(undefined);
    this.lostSince ??= performance.now();
    if (performance.now() - this.lostSince > this.options.timeoutMs) return this.close();
    setTimeout(() => this.open(), RECONNECT_MS);
  }
}

const WATCH_MS = 250;

/** @param options of each; resolves when every connection has ended */
export async function withConnections(count: number, options: Omit<ConnectionOptions, 'onEnd'>): Promise<void> {
  const connections: HttpConnection[] = [];
  const watch = setInterval(() => {
    const now = performance.now();
    for (const connection of connections) connection.watch(now);
  }, WATCH_MS);
  const ends = Array.from(
    { length: count },
    () => new Promise<void>((onEnd) => connections.push(new HttpConnection({ ...options, onEnd }))),
  );
  await Promise.all(ends);
  clearInterval(watch);
}
