/** A ring older than this without a result counts as lost, whatever is known of the queue. */
const STALE_SECONDS = 60;
/** What somebody may still have in hand is left to them for so long. */
const GRACE_SECONDS = 5;

/**
 * From when on a ring without a result counts as lost. Rings are lost with the queue they are on, and everything rung before that moment goes
 * with them; what is rung later is not. Ringing too often is harmless, so a doubt is enough: whoever rang before this process was connected to
 * the queue, or before Postgres came back, has perhaps died.
 *
 * Moments are those of performance.now(): only their distance from now is used, against the clock of Postgres.
 */
export class LostRings {
  private lostBefore = -Infinity;
  private suspectedBefore = -Infinity;
  private incarnation: string | undefined;
  /** When each was last seen, as far as that is no longer ago than rings are waited for anyway. */
  private readonly seenAt = new Map<string, number>();

  /** Something happened that may have cost rings. */
  suspect(now = performance.now()): void {
    this.suspectedBefore = now;
  }

  /**
   * One that was seen a moment ago is no news: behind a proxy each question may reach another server, and everything would be rung all the time.
   * @returns whether the queue is another one than it was: rings are lost
   */
  sees(incarnation: string, now = performance.now()): boolean {
    const changed = this.incarnation !== undefined && this.incarnation !== incarnation && !this.seenAt.has(incarnation);
    this.incarnation = incarnation;
    this.seenAt.set(incarnation, now);
    for (const [one, at] of this.seenAt) if (now - at > STALE_SECONDS * 1000) this.seenAt.delete(one);
    if (changed) this.lostBefore = now;
    return changed;
  }

  /** How old a ring without a result must be to count as lost. */
  staleAfterSeconds(now = performance.now()): number {
    const sinceLoss = (now - this.lostBefore) / 1000;
    const sinceSuspicion = (now - this.suspectedBefore) / 1000;
    return Math.min(STALE_SECONDS, sinceLoss, sinceSuspicion < GRACE_SECONDS ? Infinity : sinceSuspicion);
  }
}
