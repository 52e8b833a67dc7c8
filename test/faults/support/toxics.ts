/**
 * What a network does to bytes on their way, in the words of toxiproxy.
 *
 * | toxic      | what happens in its direction                                                                              |
 * |------------|------------------------------------------------------------------------------------------------------------|
 * | latency    | every byte arrives `ms` later                                                                              |
 * | bandwidth  | at most `bytesPerSecond` get through                                                                       |
 * | slicer     | bytes arrive in pieces of `bytes`, `gapMs` apart: 1 byte every 300 ms is `{bytes: 1, gapMs: 300}`           |
 * | timeout    | nothing gets through; the connection is closed `ms` later, with 0 never: what was held goes on when it ends |
 * | reset_peer | nothing gets through; both ends see a reset `ms` after the first byte                                      |
 * | limit_data | the connection is closed after `bytes` got through since it began                                          |
 * | slow_close | the end of the connection is passed on `ms` later                                                          |
 */
export type Toxic =
  | { readonly type: 'latency'; readonly ms: number }
  | { readonly type: 'bandwidth'; readonly bytesPerSecond: number }
  | { readonly type: 'slicer'; readonly bytes: number; readonly gapMs: number }
  | { readonly type: 'timeout'; readonly ms: number }
  | { readonly type: 'reset_peer'; readonly ms: number }
  | { readonly type: 'limit_data'; readonly bytes: number }
  | { readonly type: 'slow_close'; readonly ms: number };

/** upstream: from the client to the server; downstream: back. */
export type Direction = 'upstream' | 'downstream';

export interface Where {
  /** Both unless told. */
  readonly direction?: Direction;
  /** Asked with the number of the connection, from 1; every one unless told. */
  readonly connections?: (connectionNo: number) => boolean;
}

/** The toxics in force. They may come and go while bytes wait: whoever waits is told, and looks again. */
export class Toxics {
  private readonly inForce = new Set<{ readonly toxic: Toxic; readonly where: Where }>();
  private readonly waiting = new Set<() => void>();

  /** @returns what takes it away again */
  add(toxic: Toxic, where: Where = {}): () => void {
    const entry = { toxic, where };
    this.inForce.add(entry);
    this.wake();
    return () => {
      if (this.inForce.delete(entry)) this.wake();
    };
  }

  clear(): void {
    this.inForce.clear();
    this.wake();
  }

  find<T extends Toxic['type']>(type: T, direction: Direction, connectionNo: number): Extract<Toxic, { type: T }> | undefined {
    for (const { toxic, where } of this.inForce) {
      if (toxic.type !== type || (where.direction ?? direction) !== direction) continue;
      if (where.connections?.(connectionNo) ?? true) return toxic as Extract<Toxic, { type: T }>;
    }
    return undefined;
  }

  /** Something changed: also that a connection has ended. */
  wake(): void {
    for (const woken of [...this.waiting]) woken();
  }

  /** Until something changes, or for at most `ms`. */
  async change(ms?: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const over = (): void => {
        clearTimeout(timer);
        this.waiting.delete(over);
        resolve();
      };
      const timer = ms === undefined ? undefined : setTimeout(over, ms);
      this.waiting.add(over);
    });
  }
}
