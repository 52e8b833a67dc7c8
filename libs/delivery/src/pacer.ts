/** A timer that was late may be made up for by calls this much closer together. */
const LATENESS_MS = 100;
const SECOND_MS = 1000;

/** Spaces calls evenly, and counts them. Moments are those of performance.now(). */
export class Pacer {
  private nextAt = -Infinity;
  private second = 0;
  private inSecond = 0;
  private inSecondBefore = 0;

  /** Until the next call may begin; 0: now. */
  waitMs(perSecond: number | null, now: number): number {
    return perSecond === null ? 0 : Math.max(0, this.nextAt - now);
  }

  began(perSecond: number | null, now: number): void {
    if (perSecond !== null) this.nextAt = Math.max(this.nextAt, now - LATENESS_MS) + SECOND_MS / perSecond;
    this.turnTo(now);
    this.inSecond += 1;
  }

  /** Calls in the last second or in this one, whichever were more. */
  callsPerSecond(now: number): number {
    this.turnTo(now);
    return Math.max(this.inSecond, this.inSecondBefore);
  }

  private turnTo(now: number): void {
    const second = Math.floor(now / SECOND_MS);
    if (second === this.second) return;
    this.inSecondBefore = second === this.second + 1 ? this.inSecond : 0;
    this.inSecond = 0;
    this.second = second;
  }
}
