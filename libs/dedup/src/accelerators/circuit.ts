const FAILURES_TO_OPEN = 3;
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 30_000;

export type Admission = 'call' | 'probe';

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

  /** May a call be made? While open, once a pause. */
  admits(): Admission | null {
    if (!this.open) return 'call';
    if (this.now() < this.closedUntil) return null;
    this.closedUntil = this.now() + this.pauseMs;
    return 'probe';
  }

  succeeded(): void {
    this.failures = 0;
    this.pauseMs = FIRST_PAUSE_MS;
  }

  /** @returns true where a pause begins: not for calls that were under way when it opened */
  failed(admission: Admission): boolean {
    const wasOpen = this.open;
    this.failures += 1;
    if (!this.open || (wasOpen && admission === 'call')) return false;
    if (wasOpen) this.pauseMs = Math.min(this.pauseMs * 2, LONGEST_PAUSE_MS);
    this.closedUntil = this.now() + this.pauseMs;
    return true;
  }
}
