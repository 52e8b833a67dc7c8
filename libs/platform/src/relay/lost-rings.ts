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

  /** Something happened that may have cost rings. */
  suspect(now = performance.now()): void {
    this.suspectedBefore = now;
  }

  /** @returns whether the queue is another one than it was: rings are lost */
  sees(incarnation: string, now = performance.now()): boolean {
    const changed = this.incarnation !== undefined && this.incarnation !== incarnation;
    this.incarnation = incarnation;
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
