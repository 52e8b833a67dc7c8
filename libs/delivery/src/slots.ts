/** At most `limit` holders at a time; the others wait in the order they came. */
export class Slots {
  private held = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(private limit: number) {}

  /** A new limit holds for whoever comes next; nobody who holds a slot loses it. */
  resize(limit: number): void {
    this.limit = limit;
    this.admit();
  }

  acquire(): Promise<void> {
    return new Promise((resolve) => {
      this.waiting.push(resolve);
      this.admit();
    });
  }

  release(): void {
    this.held -= 1;
    this.admit();
  }

  private admit(): void {
    while (this.held < this.limit) {
      const next = this.waiting.shift();
      if (next === undefined) return;
      this.held += 1;
      next();
    }
  }
}
