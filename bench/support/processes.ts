import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { join } from 'node:path';

const running = new Set<ChildProcess>();

export interface Server {
  readonly url: string;
  /** Resident memory in MB now and at its highest. */
  memory(): { rss_mb: number; peak_rss_mb: number };
  /** Of all its threads since it began. */
  cpuSeconds(): number;
  stop(signal?: NodeJS.Signals): Promise<void>;
}

/** Of the kernel's ticks, 100 a second on Linux; 0 for a process that has ended. */
export function cpuSecondsOf(pid: number | undefined): number {
  try {
    // After the name in brackets, which may hold blanks; user and system time are the 12th and 13th field then.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return 0;
  }
}

/** Starts one of our programs from dist and waits for the JSON line that carries its url. */
export async function startServer(root: string, program: string, env: Record<string, string>): Promise<Server> {
  const child = spawn(process.execPath, [join(root, 'dist', program)], {
    cwd: root,
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  running.add(child);
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const url = await new Promise<string>((resolve, reject) => {
    child.once('close', (code) => reject(new Error(`${program} ended with ${code} before it listened`)));
    createInterface({ input: child.stdout }).on('line', (line) => {
      const found = /"url":"([^"]+)"/.exec(line)?.[1];
      if (found !== undefined) resolve(found.replace('[::1]', '127.0.0.1'));
    });
  });
  return {
    url,
    memory: () => {
      const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
      const megabytes = (name: string): number => Math.round(Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0) / 1024);
      return { rss_mb: megabytes('VmRSS'), peak_rss_mb: megabytes('VmHWM') };
    },
    cpuSeconds: () => cpuSecondsOf(child.pid),
    stop: async (signal = 'SIGTERM') => {
      child.kill(signal);
      await ended;
      running.delete(child);
    },
  };
}

/** Runs one of our programs to its end and returns the last line it printed, parsed. */
export async function runProgram<T>(root: string, program: string, args: readonly string[]): Promise<T> {
  const child = spawn(process.execPath, [join(root, 'dist', program), ...args], { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
  running.add(child);
  let printed = '';
  child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString('utf8')));
  await new Promise((resolve) => child.once('close', resolve));
  running.delete(child);
  return JSON.parse(printed.trim().split('\n').at(-1) ?? '') as T;
}

export function killEverything(): void {
  for (const child of running) child.kill('SIGKILL');
}
