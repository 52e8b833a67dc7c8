const FAILURES_TO_OPEN = 3;
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 30_000;

/**
 * Opens after three failures in a row; then one call a pause is let through, and a failure of it doubles the pause. So that something that
 * does not answer costs nobody any time after the first few.
 */
export class Circuit {
  private failures = 0;
  private pauseMs = FIRST_PAUSE_MS;
  private closedUntil = 0;

  /** @param now milliseconds of a clock that only goes forward */
  constructor(private readonly now: () => number) {}

  get open(): boolean {
    return this.failures >= FAILURES_TO_OPEN;
  }

  /** May a call be made? While open, true once a pause. */
  admits(): boolean {
    if (!this.open) return true;
    if (this.now() < this.closedUntil) return false;
    this.closedUntil = this.now() + this.pauseMs;
    return true;
  }

  succeeded(): void {
    this.failures = 0;
    this.pauseMs = FIRST_PAUSE_MS;
  }

  failed(): void {
    const wasOpen = this.open;
    this.failures += 1;
    if (!this.open) return;
    if (wasOpen) this.pauseMs = Math.min(this.pauseMs * 2, LONGEST_PAUSE_MS);
    this.closedUntil = this.now() + this.pauseMs;
  }
}
