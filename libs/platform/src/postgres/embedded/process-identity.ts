import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

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

/** Program and arguments, separated by blanks; empty when there is no such process. Everybody may read it. */
export function commandLine(pid: number): string {
  try {
    return process.platform === 'linux' ? readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ') : ps(pid, 'command');
  } catch {
    return '';
  }
}

/** null when it cannot be told: elsewhere than on Linux, and where not even root may look into processes of others (a plain container). */
export function workingDirectory(pid: number): string | null {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return null;
  }
}

/** Every process number of this machine or container. */
export function allProcesses(): number[] {
  const names =
    process.platform === 'linux'
      ? readdirSync('/proc')
      : execFileSync('ps', ['-axo', 'pid='], { encoding: 'utf8', env: { PATH: '/bin:/usr/bin' } }).split('\n');
  return names
    .map((name) => name.trim())
    .filter((name) => /^[0-9]+$/.test(name))
    .map(Number);
}

export function parentOf(pid: number): number {
  if (process.platform !== 'linux') return Number(ps(pid, 'ppid'));
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
}
