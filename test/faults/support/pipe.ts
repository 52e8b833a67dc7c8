import type { Socket } from 'node:net';
import type { Direction, Toxic, Toxics } from './toxics.js';

/** Sees every piece before it goes on: `cut` ends the connection without it, and bytes go on in its place. */
export type Look = (direction: Direction, bytes: Buffer, connectionNo: number) => 'pass' | 'cut' | Buffer;

/** Both ends of one connection through a proxy. */
export interface Ends {
  /** From 1. */
  readonly no: number;
  /** Nothing passes any more. */
  readonly gone: boolean;
  reset(): void;
  /** After what was written. */
  close(): void;
}

/** Read ahead of what toxics hold back; then the sender feels that nobody reads. */
const MAX_WAITING_BYTES = 1024 * 1024;

/** One direction of a connection. Bytes are read as they come, so that latency delays a stream and does not slow it down. */
export class Pipe {
  private readonly waiting: { readonly bytes: Buffer; readonly at: number }[] = [];
  private waitingBytes = 0;
  private passed = 0;
  private ended = false;
  private wakeUp = (): void => {};

  constructor(
    private readonly from: Socket,
    private readonly to: Socket,
    private readonly ends: Ends,
    private readonly direction: Direction,
    private readonly toxics: Toxics,
    private readonly look: Look,
  ) {}

  start(): void {
    this.from.on('data', (read: Buffer) => {
      const seen = this.look(this.direction, read, this.ends.no);
      if (seen === 'cut') return this.ends.reset();
      const bytes = seen === 'pass' ? read : seen;
      this.waiting.push({ bytes, at: performance.now() });
      this.waitingBytes += bytes.length;
      if (this.waitingBytes > MAX_WAITING_BYTES) this.from.pause();
      this.wakeUp();
    });
    const over = (): void => {
      this.ended = true;
      this.wakeUp();
    };
    this.from.on('end', over);
    this.from.on('close', over);
    void this.passOn();
  }

  private async passOn(): Promise<void> {
    for (let piece = await this.next(); piece !== undefined; piece = await this.next()) {
      await this.passPiece(piece.bytes, piece.at);
      this.waitingBytes -= piece.bytes.length;
      if (this.waitingBytes <= MAX_WAITING_BYTES) this.from.resume();
    }
    const slow = this.toxic('slow_close');
    if (slow !== undefined) await this.until(performance.now() + slow.ms, () => this.toxic('slow_close') === undefined);
    this.to.end();
  }

  private async next(): Promise<{ bytes: Buffer; at: number } | undefined> {
    while (this.waiting.length === 0 && !this.ended) await new Promise<void>((resolve) => (this.wakeUp = resolve));
    return this.ends.gone ? undefined : this.waiting.shift();
  }

  private async passPiece(bytes: Buffer, at: number): Promise<void> {
    await this.hold();
    const reset = this.toxic('reset_peer');
    if (reset !== undefined) {
      await this.until(performance.now() + reset.ms, () => false);
      return this.ends.reset();
    }
    const latency = this.toxic('latency');
    if (latency !== undefined) await this.until(at + latency.ms, () => this.toxic('latency') === undefined);
    for (let start = 0; start < bytes.length && !this.ends.gone;) {
      const slice = bytes.subarray(start, start + this.sliceBytes());
      start += slice.length;
      if (!(await this.write(slice))) return;
    }
  }

  /** While there is a timeout. */
  private async hold(): Promise<void> {
    const since = performance.now();
    for (let timeout = this.toxic('timeout'); timeout !== undefined && !this.ends.gone; timeout = this.toxic('timeout')) {
      const left = since + timeout.ms - performance.now();
      if (timeout.ms > 0 && left <= 0) return this.ends.close();
      await this.toxics.change(timeout.ms > 0 ? left : undefined);
    }
  }

  private sliceBytes(): number {
    const slicer = this.toxic('slicer')?.bytes ?? Number.MAX_SAFE_INTEGER;
    const bandwidth = this.toxic('bandwidth');
    // A tenth of a second's worth at a time: slow is not the same as now and then.
    return bandwidth === undefined ? slicer : Math.max(1, Math.min(slicer, Math.floor(bandwidth.bytesPerSecond / 10)));
  }

  /** @returns false when that was the last the connection took */
  private async write(slice: Buffer): Promise<boolean> {
    const left = (this.toxic('limit_data')?.bytes ?? Number.MAX_SAFE_INTEGER) - this.passed;
    if (left > 0 && !this.to.write(slice.subarray(0, left))) await drained(this.to);
    this.passed += Math.min(slice.length, Math.max(0, left));
    if (slice.length >= left) {
      this.ends.close();
      return false;
    }
    const gap = this.toxic('slicer')?.gapMs ?? 0;
    const bandwidth = this.toxic('bandwidth');
    const wait = Math.max(gap, bandwidth === undefined ? 0 : (slice.length / bandwidth.bytesPerSecond) * 1000);
    if (wait > 0) await this.until(performance.now() + wait, () => this.sliceBytes() === Number.MAX_SAFE_INTEGER);
    return true;
  }

  private toxic<T extends Toxic['type']>(type: T): Extract<Toxic, { type: T }> | undefined {
    return this.toxics.find(type, this.direction, this.ends.no);
  }

  /** Until that moment, or until it need not be waited for any more. */
  private async until(moment: number, healed: () => boolean): Promise<void> {
    for (let left = moment - performance.now(); left > 0 && !this.ends.gone && !healed(); left = moment - performance.now()) {
      await this.toxics.change(left);
    }
  }
}

/** Until it takes more, or will never again. */
async function drained(socket: Socket): Promise<void> {
  if (socket.destroyed) return;
  await new Promise<void>((resolve) => {
    const over = (): void => {
      socket.off('drain', over).off('close', over);
      resolve();
    };
    socket.on('drain', over).on('close', over);
  });
}
