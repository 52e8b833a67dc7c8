const WINDOW_MS = 60_000;
/** About 1 MiB. Beyond it the oldest window is forgotten: its address gets a fresh one, nobody is locked out. */
const MAX_WINDOWS = 10_000;

interface Window {
  readonly endsAt: number;
  taken: number;
}

export type RateVerdict =
  | { readonly allowed: true }
  | { readonly allowed: false; readonly limit: number; readonly windowSeconds: number; readonly resetSeconds: number };

/**
 * So many requests in the minute that begins with a sender's first one. One number for each sender, in this process only: what protects
 * a door from a runaway script, not what bills anyone.
 */
export class RateLimiter {
  private readonly windows = new Map<string, Window>();

  constructor(
    /** Milliseconds of a monotonic clock. */
    private readonly now: () => number,
  ) {}

  /** @param limit requests a minute; 0: no limit. The same for one sender at all times, but for a change of the configuration */
  take(sender: string, limit: number): RateVerdict {
    if (limit === 0) return { allowed: true };
    const now = this.now();
    const window = this.windows.get(sender);
    if (window === undefined || window.endsAt <= now) {
      this.open(sender, now);
      return { allowed: true };
    }
    if (window.taken >= limit) {
      const resetSeconds = Math.ceil((window.endsAt - now) / 1000);
      return { allowed: false, limit, windowSeconds: WINDOW_MS / 1000, resetSeconds };
    }
    window.taken += 1;
    return { allowed: true };
  }

  /** All windows are equally long, so the map's order is the order of their ends. */
  private open(sender: string, now: number): void {
    this.windows.delete(sender);
    for (const [oldest, { endsAt }] of this.windows) {
      if (endsAt > now && this.windows.size < MAX_WINDOWS) break;
      this.windows.delete(oldest);
    }
    this.windows.set(sender, { endsAt: now + WINDOW_MS, taken: 1 });
  }
}
