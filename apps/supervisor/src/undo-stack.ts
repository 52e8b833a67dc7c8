import { say } from './say.js';

/** What has to be undone, last first. Every step runs, even when one before it failed. */
export class UndoStack {
  readonly #steps: (() => Promise<void>)[] = [];

  defer(step: () => Promise<void>): void {
    this.#steps.push(step);
  }

  async unwind(): Promise<void> {
    for (let step = this.#steps.pop(); step; step = this.#steps.pop()) {
      await step().catch((error: unknown) => say(error instanceof Error ? error.message : String(error)));
    }
  }
}
