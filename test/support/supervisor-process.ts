import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { within } from './eventually.js';
import { conditionOf, lastWords } from './last-words.js';

export interface SupervisorProcess {
  readonly pid: number;
  /** Everything it said so far, stdout and stderr. */
  readonly output: () => string;
  readonly stdout: () => string;
  /** Resolves when its output matches, with the match; fails when it ends before, or never says so. */
  says(pattern: RegExp): Promise<RegExpMatchArray>;
  /** Its exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals | null>;
  /** Nobody reads what it says any more; writing to that pipe is an error from now on. */
  stopListening(): void;
  kill(signal: NodeJS.Signals): void;
  /** What Ctrl-C does: the signal goes to the whole foreground group. */
  pressCtrlC(): void;
}

/**
 * Runs a command of the built supervisor, in a process group of its own as a terminal would. Ports are free ones unless given.
 * `under a parent`: as a child of a shell, which is then the process that `pid` and `kill` mean.
 */
export function runSupervisorCommand(
  folder: string,
  command: string,
  env: NodeJS.ProcessEnv = {},
  args: string[] = [],
  place: 'on its own' | 'under a parent' = 'on its own',
): SupervisorProcess {
  const line = [process.execPath, join(folder, 'dist/apps/supervisor/src/main.js'), command, ...args];
  // Either way it ends by itself when its parent is killed, be it the shell or the whole test run.
  const [program = '', ...rest] =
    place === 'on its own' ? [...line, `--parent=${process.pid}`] : ['/bin/sh', '-c', '"$@" --parent=$$; exit', 'sh', ...line];
  const child = spawn(program, rest, {
    cwd: folder,
    env: { ...process.env, PORT: '0', DEMO_CRM_PORT: '0', ...env },

    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  let stdout = '';
  let output = '';
  const listeners = new Set<() => void>();
  const take = (chunk: Buffer) => {
    output += chunk.toString();
    for (const listener of listeners) listener();
  };
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
    take(chunk);
  });
  child.stderr.on('data', take);
  const ended = new Promise<number | NodeJS.Signals | null>((resolve) =>
    child.once(place === 'on its own' ? 'exit' : 'close', (code: number | null, signal: NodeJS.Signals | null) => resolve(code ?? signal)),
  );
  const pid = child.pid ?? 0;
  const thatSays = (pattern: RegExp): Promise<RegExpMatchArray> =>
    new Promise((resolve, reject) => {
      const look = () => {
        const match = pattern.exec(output);
        if (match) {
          listeners.delete(look);
          resolve(match);
        }
      };
      listeners.add(look);
      void ended.then((how) => reject(new Error(`it ended (${how}) without saying ${pattern}. ${lastWords(output)}`)));
      look();
    });
  return {
    pid,
    output: () => output,
    stdout: () => stdout,
    says: (pattern) => within(`it says ${pattern}`, thatSays(pattern), async () => `${await conditionOf(pid)} ${lastWords(output)}`),
    ended,
    stopListening: () => {
      child.stdout.destroy();
      child.stderr.destroy();
    },
    kill: (signal) => child.kill(signal),
    pressCtrlC: () => process.kill(-pid, 'SIGINT'),
  };
}
