import { spawn, type ChildProcess } from 'node:child_process';
import { identifyProcess } from '#platform';
import type { ChildIdentity } from './data-dir-lock.js';
import { say } from './say.js';

export interface ChildOptions {
  /** As a person calls it: `gateway`, `demo CRM`. */
  readonly name: string;
  /** The script Node runs. */
  readonly script: string;
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** How long it may take to end after SIGTERM. */
  readonly stopLimitMs: number;
  readonly onStart: (identity: ChildIdentity) => void;
  /** Told when it ended with an exit code of its own before it was `settled`: it has said why, and starting it again would not help. */
  readonly onRefusal: () => void;
}

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;
/** Whoever ran this long has started properly; its next end counts as a first one again. */
const GOOD_RUN_MS = 60_000;

/**
 * A process of ours that is started again, after pauses that double, whenever it ends without being asked to. It gets a session of its own:
 * Ctrl-C reaches the supervisor alone, which then stops everything in order.
 */
export class Child {
  readonly #options: ChildOptions;
  #process: ChildProcess | undefined;
  #settled = false;
  #stopping = false;
  #pauseMs = FIRST_PAUSE_MS;
  #restart: NodeJS.Timeout | undefined;

  constructor(options: ChildOptions) {
    this.#options = options;
  }

  start(): void {
    const { name, script, cwd, env } = this.#options;
    const startedAt = performance.now();
    const child = spawn(process.execPath, ['--enable-source-maps', script], {
      cwd,
      env,
      stdio: ['ignore', 'inherit', 'inherit'],
      detached: true,
    });
    this.#process = child;
    const identity = child.pid === undefined ? null : identifyProcess(child.pid);
    if (identity) this.#options.onStart({ name, ...identity });
    child.once('error', (error) => say(`the ${name} could not be started: ${error.message}`));
    child.once('exit', (code, signal) => {
      this.#process = undefined;
      if (this.#stopping) return;
      if (!this.#settled && code !== null) {
        this.#options.onRefusal();
        return;
      }
      if (performance.now() - startedAt > GOOD_RUN_MS) this.#pauseMs = FIRST_PAUSE_MS;
      say(`the ${name} has ended (${signal ?? `exit ${code}`}); starting it again in ${this.#pauseMs / 1000} s`);
      this.#restart = setTimeout(() => this.start(), this.#pauseMs);
      this.#pauseMs = Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS);
    });
  }

  /** From now on every unasked end is an accident. */
  settled(): void {
    this.#settled = true;
  }

  /** SIGTERM, and SIGKILL to one that does not end in time. */
  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#restart);
    const child = this.#process;
    if (!child) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    const limit = setTimeout(() => {
      say(`the ${this.#options.name} did not end within ${this.#options.stopLimitMs / 1000} s; killing it`);
      child.kill('SIGKILL');
    }, this.#options.stopLimitMs);
    child.kill('SIGTERM');
    await ended;
    clearTimeout(limit);
  }

  kill(): void {
    this.#stopping = true;
    clearTimeout(this.#restart);
    this.#process?.kill('SIGKILL');
  }
}
