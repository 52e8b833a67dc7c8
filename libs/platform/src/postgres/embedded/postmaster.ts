import { existsSync, readFileSync, realpathSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { PostgresDataDir } from './postgres-data-dir.js';
import { allProcesses, commandLine, identifyProcess, isAlive, isSameProcess, parentOf, workingDirectory } from './process-identity.js';
import { StartProblem } from './start-problem.js';
import { retryUntil } from './waiting.js';

type Cluster = Pick<PostgresDataDir, 'cluster' | 'mark'>;

/** What postmaster.pid says. `status` is Postgres' own word: starting, ready, stopping, standby. */
export interface Postmaster {
  readonly pid: number;
  readonly port: number;
  readonly status: string;
}

/** A fast shutdown writes everything out first. */
const STOP_LIMIT_MS = 60_000;

/** Postgres makes its postmaster.pid and then writes into it; one that is empty for longer was left by a power cut. */
const WRITTEN_WITHIN_MS = 10_000;

/**
 * The postmaster that runs in this cluster, or null. Postgres removes its postmaster.pid only when it ends in peace; after a kill or a power cut
 * the file stays, and Postgres refuses to start when its pid meanwhile belongs to some other process or is still a zombie. So a file that lies
 * is removed. Not one that is being written: its server would end itself a minute later, when it misses the file.
 */
export function findPostmaster(dir: Cluster): Postmaster | null {
  const file = join(dir.cluster, 'postmaster.pid');
  const content = readIfThere(file);
  if (content === null) return null;
  const lines = content.split('\n').map((line) => line.trim());
  const pid = Number(lines[0]);
  if (!(pid > 0) && ageOf(file) < WRITTEN_WITHIN_MS) return null;
  if (pid > 0 && isPostmaster(pid, dir)) return { pid, port: Number(lines[3]), status: lines[7] || 'starting' };
  if (readIfThere(file) === content) rmSync(file, { force: true });
  return null;
}

/** In milliseconds; 0 of a file that has just gone. */
function ageOf(file: string): number {
  const found = statSync(file, { throwIfNoEntry: false });
  return found === undefined ? 0 : Date.now() - found.mtimeMs;
}

function readIfThere(file: string): string | null {
  return existsSync(file) ? readFileSync(file, 'utf8') : null;
}

/**
 * Whether this process is the postmaster of this cluster. It was started with the cluster's mark and folder as arguments. A mark with another
 * folder is either this cluster, moved while it ran, or the one this is a copy of; the working directory tells, which follows a move.
 * @throws StartProblem when it cannot be told: a second server on the same files would ruin them
 */
export function isPostmaster(pid: number, { cluster, mark }: Cluster): boolean {
  if (!isAlive(pid)) return false;
  const command = commandLine(pid);
  if (!command.includes(` cluster_name=${mark} `) && !command.endsWith(` cluster_name=${mark}`)) return false;
  if (command.includes(` -D ${cluster} `)) return true;
  const directory = workingDirectory(pid);
  if (directory === null) {
    throw new StartProblem(
      `Process ${pid} is a Postgres that was started for this database when it was in another folder. Stop it (kill -INT ${pid}) and start again.`,
    );
  }
  return directory === realpathSync(cluster);
}

/** Does nothing when it is gone already. */
export async function stopPostmaster(pid: number, dir: Cluster, mode: 'fast' | 'immediate'): Promise<void> {
  const running = identifyProcess(pid);
  if (running === null || !isPostmaster(pid, dir)) return;
  process.kill(pid, mode === 'fast' ? 'SIGINT' : 'SIGQUIT');
  // Not by its command line: a process that ends loses that first, and for a moment has its port and its files still.
  const gone = async () => (isSameProcess(running) ? undefined : true);
  await retryUntil(STOP_LIMIT_MS, `Postgres (pid ${pid}) did not stop within ${STOP_LIMIT_MS / 1000} s.`, gone);
}

/**
 * Ends the sessions of this cluster whose postmaster is gone: one that computes may not have noticed, and it blocks the next start. Nothing they
 * do can be committed any more, and recovery does not care how they end.
 */
export function endOrphanedSessions({ mark }: Cluster): void {
  for (const pid of allProcesses()) {
    if (!commandLine(pid).startsWith(`postgres: ${mark}: `)) continue;
    if (!commandLine(parentOf(pid)).includes(` cluster_name=${mark}`)) process.kill(pid, 'SIGKILL');
  }
}
