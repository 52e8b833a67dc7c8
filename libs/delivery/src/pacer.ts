/** What a timer was late, up to this much, is made up for by the next gap. A gap in which nobody wanted to call is not. */
const LATENESS_MS = 100;
const SECOND_MS = 1000;

/** Spaces calls evenly, and counts them. Moments are those of performance.now(). */
export class Pacer {
  /** When the last call should have begun. The gap after it is that of the pace at the moment of asking: who becomes faster is so at once. */
  private placeAt = -Infinity;
  private second = 0;
  private inSecond = 0;
  private inSecondBefore = 0;

  /** Until the next call may begin; 0: now. @param perSecond null: calls need no gap */
  waitMs(perSecond: number | null, now: number): number {
    return perSecond === null ? 0 : Math.max(0, this.placeAt + SECOND_MS / perSecond - now);
  }

  began(perSecond: number | null, now: number): void {
    const place = perSecond === null ? now : this.placeAt + SECOND_MS / perSecond;
    this.placeAt = place < now - LATENESS_MS ? now : place;
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
