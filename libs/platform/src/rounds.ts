/**
 * What a process follows by looking again and again: the first look at the start, the next one `everyMs` after the last has ended, never two
 * at once. `look` tells of its own failures and does not reject. The timer keeps no process alive.
 */
export class Rounds {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();
  private stopped = false;

  constructor(
    private readonly look: () => Promise<void>,
    private readonly everyMs: number,
  ) {}

  /** Resolves after the first look, whatever came of it. */
  async start(): Promise<void> {
    await this.now();
    this.schedule();
  }

  /** Resolves once no look is under way. */
  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.running;
  }

  /** One look, after the one that is under way. */
  now(): Promise<void> {
    this.running = this.running.then(this.look);
    return this.running;
  }

  private schedule(): void {
    if (this.stopped) return;
    this.timer = setTimeout(() => void this.now().then(() => this.schedule()), this.everyMs);
    this.timer.unref();
  }
}
