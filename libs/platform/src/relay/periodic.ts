import type { Logger } from '../logging/logger.js';

export interface PeriodicTask {
  readonly name: string;
  readonly everyMs: number;
  /** One round. It must be safe to run in several processes at once. */
  readonly run: () => Promise<unknown>;
}

/** Runs tasks one round after the other; a failing round is reported once, and again only after it worked in between. */
export class Periodic {
  private readonly timers = new Map<string, NodeJS.Timeout>();
  private readonly running = new Map<string, Promise<void>>();
  private readonly failing = new Set<string>();
  private stopped = false;

  constructor(
    private readonly tasks: readonly PeriodicTask[],
    private readonly logger: Logger,
  ) {}

  start(): void {
    for (const task of this.tasks) this.schedule(task);
  }

  async stop(): Promise<void> {
    this.stopped = true;
    for (const timer of this.timers.values()) clearTimeout(timer);
    await Promise.all(this.running.values());
  }

  private schedule(task: PeriodicTask): void {
    if (this.stopped) return;
    const timer = setTimeout(() => {
      const round = this.round(task).finally(() => {
        this.running.delete(task.name);
        this.schedule(task);
      });
      this.running.set(task.name, round);
    }, task.everyMs);
    this.timers.set(task.name, timer);
  }

  private async round(task: PeriodicTask): Promise<void> {
    try {
      await task.run();
      this.failing.delete(task.name);
    } catch (error) {
      if (!this.failing.has(task.name))
        this.logger.error({ task: task.name }, `a periodic task failed and is tried again: ${(error as Error).message}`);
      this.failing.add(task.name);
    }
  }
}
