import type { Pool } from 'pg';

/** Clocks of machines drift by milliseconds in this time, and one that was set is known again after it. */
const ASK_EVERY_MS = 10_000;

/**
 * How far their clock is ahead of ours for certain (behind it: a negative number), when they looked at it between these moments of ours: an answer
 * that was long under way is no wrong clock. All in seconds since 1970.
 */
export function secondsOutside(theirs: number, before: number, after: number): number {
  return theirs > after ? theirs - after : Math.min(0, theirs - before);
}

interface Reading {
  readonly seconds: number;
  /** performance.now() */
  readonly at: number;
}

/** What the clock of Postgres says, without asking it every time. */
export class ServerClock {
  private last: Reading | undefined;

  constructor(private readonly pool: Pool) {}

  /**
   * Seconds since 1970. Behind the clock itself by as long as the last answer was under way, never ahead of it, unless somebody has set it
   * since.
   */
  async now(): Promise<number> {
    const fresh = this.last !== undefined && performance.now() - this.last.at < ASK_EVERY_MS;
    const { seconds, at } = fresh ? (this.last as Reading) : await this.ask();
    return seconds + (performance.now() - at) / 1000;
  }

  private async ask(): Promise<Reading> {
    const { rows } = await this.pool.query<{ seconds: number }>('select extract(epoch from clock_timestamp())::float8 as seconds');
    this.last = { seconds: rows[0]?.seconds ?? 0, at: performance.now() };
    return this.last;
  }
}
