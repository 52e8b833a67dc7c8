import { say } from './say.js';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** The wish to stop: Ctrl-C, a signal, or a child that refuses to start. A second signal makes it urgent. */
export class StopSignal {
  readonly asked: Promise<void>;
  isAsked = false;
  isUrgent = false;
  /** Whether the reason is a failure rather than a person. */
  failed = false;
  #resolve: () => void = () => undefined;
  readonly #urgentListeners: (() => void)[] = [];
  readonly #onSignal = () => this.#signal();

  constructor() {
    this.asked = new Promise((resolve) => (this.#resolve = resolve));
    for (const signal of SIGNALS) process.on(signal, this.#onSignal);
  }

  /** Called at the second signal. */
  onUrgent(listener: () => void): void {
    this.#urgentListeners.push(listener);
  }

  fail(reason: string): void {
    if (this.isAsked) return;
    say(reason);
    this.failed = true;
    this.#ask();
  }

  release(): void {
    for (const signal of SIGNALS) process.off(signal, this.#onSignal);
  }

  #signal(): void {
    if (!this.isAsked) {
      this.#ask();
      return;
    }
    this.isUrgent = true;
    for (const listener of this.#urgentListeners) listener();
  }

  #ask(): void {
    this.isAsked = true;
    this.#resolve();
  }
}
