/**
 * Whether this process wants traffic. Closed until everything behind the door runs, and again from the first moment of a shutdown, so that
 * a load balancer turns away before the door closes.
 */
export class Readiness {
  private wanted = false;

  get isOpen(): boolean {
    return this.wanted;
  }

  open(): void {
    this.wanted = true;
  }

  close(): void {
    this.wanted = false;
  }
}
