import { type ChildProcess, spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { within } from './eventually.js';
import { conditionOf, lastWords } from './last-words.js';

export const PROJECT_ROOT = resolve(__dirname, '../..');

export interface Child {
  readonly process: ChildProcess;
  /** Everything the process printed so far. */
  output(): string;
  /** The condition of the process and the end of what it printed: for waits that run out. */
  account(): Promise<string>;
  /** Resolves with the first line for which `read` returns something. Rejects with the last words if the process ends first, or never says it. */
  line<T>(read: (line: string) => T | undefined): Promise<T>;
  /** Resolves when the process has ended. */
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  /** As `exited`, and rejects with the condition of the process and its last words if it does not come to that. */
  ended(): Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  /** Sends the signal and waits for the end. */
  kill(signal?: NodeJS.Signals): Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

const living = new Set<ChildProcess>();

afterAll(() => {
  for (const child of living) child.kill('SIGKILL');
});

/** A suite that failed leaves its processes behind, and while one lives jest never ends and says nothing of the failure. */
export function endWithSuite(child: ChildProcess): void {
  living.add(child);
  child.once('close', () => living.delete(child));
}

/** A Node program of ours as a process of its own, with nothing of this shell's settings but PATH. */
export function spawnProgram(program: string, env: Record<string, string>, args: readonly string[] = []): Child {
  const child = spawn(process.execPath, [resolve(PROJECT_ROOT, program), ...args], {
    cwd: PROJECT_ROOT,
    env: { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  endWithSuite(child);
  let printed = '';
  let hasEnded = false;
  const listeners = new Set<() => void>();
  const wake = (): void => {
    for (const listener of [...listeners]) listener();
  };
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      printed += chunk.toString('utf8');
      wake();
    });
  }
  const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((settle) =>
    child.once('close', (code, signal) => {
      hasEnded = true;
      wake();
      settle({ code, signal });
    }),
  );
  const account = async (): Promise<string> => `${await conditionOf(child.pid ?? 0)} ${lastWords(printed)}`;
  const ended = (): Promise<{ code: number | null; signal: NodeJS.Signals | null }> => within(`${program} ends`, exited, account);
  const lineThat = <T>(read: (line: string) => T | undefined): Promise<T> =>
    new Promise((settle, fail) => {
      const look = (): void => {
        for (const line of printed.split('\n')) {
          const found = read(line);
          if (found !== undefined) {
            listeners.delete(look);
            return settle(found);
          }
        }
        if (hasEnded) {
          listeners.delete(look);
          fail(
            new Error(`${program} ended (${child.exitCode ?? child.signalCode}) before it said what was waited for. ${lastWords(printed)}`),
          );
        }
      };
      listeners.add(look);
      look();
    });
  return {
    process: child,
    output: () => printed,
    account,
    exited,
    ended,
    line: (read) => within(`${program} says what is waited for`, lineThat(read), account),
    kill: async (signal = 'SIGTERM') => {
      child.kill(signal);
      return ended();
    },
  };
}

/** The member of a JSON log line, or undefined when the line is none or lacks it. */
export function jsonMember(line: string, name: string): unknown {
  if (!line.startsWith('{')) return undefined;
  try {
    return (JSON.parse(line) as Record<string, unknown>)[name];
  } catch {
    return undefined;
  }
}
