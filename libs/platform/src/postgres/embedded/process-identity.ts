import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync, realpathSync, readdirSync } from 'node:fs';

/** A process that cannot be mistaken for a later one with the same number: pids are used again, above all after a reboot or in containers. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it started, in whatever form this system tells it; only ever compared for equality. */
  readonly startedAt: string;
}

/** null when there is no such process, or only its remains (a zombie, which some containers never clear away). */
export function identifyProcess(pid: number): ProcessIdentity | null {
  try {
    const startedAt = process.platform === 'linux' ? linuxStart(pid) : posixStart(pid);
    return startedAt === null ? null : { pid, startedAt };
  } catch {
    return null;
  }
}

export function isAlive(pid: number): boolean {
  return identifyProcess(pid) !== null;
}

export function isSameProcess(identity: ProcessIdentity): boolean {
  return identifyProcess(identity.pid)?.startedAt === identity.startedAt;
}

/** The boot and the clock ticks since it. The name of the program, field 2, may hold blanks and parentheses, so fields count from its end. */
function linuxStart(pid: number): string | null {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return state === 'Z' || state === 'X' ? null : `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}/${fields[18]}`;
}

function posixStart(pid: number): string | null {
  return ps(pid, 'stat').startsWith('Z') ? null : ps(pid, 'lstart');
}

function ps(pid: number, column: string): string {
  return execFileSync('ps', ['-o', `${column}=`, '-p', String(pid)], {
    encoding: 'utf8',
    env: { PATH: '/bin:/usr/bin', LC_ALL: 'C' },
  }).trim();
}

/** Whether this process is a Postgres working in this cluster folder. A postmaster makes the folder its working directory. */
export function worksInCluster(pid: number, clusterDir: string): boolean {
  if (!isAlive(pid)) return false;
  try {
    return process.platform === 'linux'
      ? readlinkSync(`/proc/${pid}/cwd`) === realpathSync(clusterDir)
      : ps(pid, 'command').includes(` -D ${clusterDir} `);
  } catch {
    return false;
  }
}

/** Every process that works in this cluster folder: after a kill -9 of the postmaster, the sessions that have not noticed yet. Linux only, else empty. */
export function processesInCluster(clusterDir: string): number[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc')
    .filter((name) => /^[0-9]+$/.test(name))
    .map(Number)
    .filter((pid) => worksInCluster(pid, clusterDir));
}
