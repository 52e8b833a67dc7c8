import { Keystroke } from '#platform';
import { say } from './say.js';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** How often to look whether npm is still there. */
const PARENT_CHECK_MS = 500;

/** The wish to stop: Ctrl-C, a signal, npm killed above us, or a child that refuses to start. A second signal makes it urgent. */
export class StopSignal {
  readonly asked: Promise<void>;
  isAsked = false;
  isUrgent = false;
  /** Whether the reason is a failure rather than a person. */
  failed = false;
  #resolve: () => void = () => undefined;
  readonly #urgentListeners: (() => void)[] = [];
  readonly #onSignal = () => this.#signal();
  #keystroke: Keystroke | undefined;
  #parentCheck: NodeJS.Timeout | undefined;

  /** @param parentPid taken when this process began: whoever asks later might be told the one that inherited us */
  constructor(parentPid: number | undefined) {
    this.asked = new Promise((resolve) => (this.#resolve = resolve));
    for (const signal of SIGNALS) process.on(signal, this.#onSignal);
    if (parentPid !== undefined) this.#watchParent(parentPid);
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
    clearInterval(this.#parentCheck);
    for (const signal of SIGNALS) process.off(signal, this.#onSignal);
  }

  #signal(): void {
    if (!this.isAsked) {
      this.#ask();
      return;
    }
    if (this.#keystroke?.isOver !== true) return;
    this.isUrgent = true;
    for (const listener of this.#urgentListeners) listener();
  }

  /** A killed npm cannot pass anything on; whoever killed it wanted us to end, and a leftover would be in the way of the next start. */
  #watchParent(parent: number): void {
    this.#parentCheck = setInterval(() => {
      if (process.ppid === parent || this.isAsked) return;
      say('npm has ended');
      this.#ask();
    }, PARENT_CHECK_MS);
    this.#parentCheck.unref();
  }

  #ask(): void {
    this.isAsked = true;
    this.#keystroke = new Keystroke();
    this.#resolve();
  }
}
