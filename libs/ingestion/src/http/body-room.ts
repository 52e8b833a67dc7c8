import type { IncomingMessage } from 'node:http';
import { KEPT_BYTES } from '../accept/quarantine-budget.js';
import type { ReceivedBody } from '../door/request-head.js';

/**
 * Reads bodies under two caps: that of one body, and that of all bodies which are being read or not yet answered, so that a flood ends
 * in 503 and not in a process without memory. The time a sender may take is the server's requestTimeout.
 */
export class BodyRoom {
  private taken = 0;

  constructor(
    private readonly maxBodyBytes: number,
    private readonly maxBytesInFlight: number,
  ) {}

  /** Give back with `leave` what a whole body took, once it is answered. */
  read(request: IncomingMessage): Promise<ReceivedBody> {
    const announced = Number(request.headers['content-length'] ?? 0);
    const wanted = announced > this.maxBodyBytes ? Math.min(KEPT_BYTES, this.maxBodyBytes) : this.maxBodyBytes;
    return new Promise((resolve) => {
      const chunks: Buffer[] = [];
      let size = 0;
      const settle = (body: ReceivedBody): void => {
        request.off('data', onData).off('end', onEnd).off('close', onClose);
        if (body.kind !== 'whole') {
          request.pause();
          this.taken -= size;
        }
        resolve(body);
      };
      const onData = (chunk: Buffer): void => {
        chunks.push(chunk);
        size += chunk.length;
        this.taken += chunk.length;
        if (size > wanted || (size === wanted && announced > size)) {
          settle({ kind: 'too_large', first: Buffer.concat(chunks, Math.min(size, KEPT_BYTES)), size: Math.max(size, announced) });
        } else if (this.taken > this.maxBytesInFlight) settle({ kind: 'no_room' });
      };
      const onEnd = (): void => settle({ kind: 'whole', bytes: chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks) });
      const onClose = (): void => settle({ kind: 'aborted' });
      request.on('data', onData).on('end', onEnd).on('close', onClose);
    });
  }

  leave(bytes: number): void {
    this.taken -= bytes;
  }
}
