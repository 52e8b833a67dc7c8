import { readFileSync } from 'node:fs';

/** Resident memory of a process of this machine in MB; 0 when it has ended, or where there is no /proc. */
export function residentMegabytes(pid: number): number {
  try {
    const kilobytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return Math.round(Number(kilobytes) / 1024);
  } catch {
    return 0;
  }
}

export interface Sample {
  readonly minute: number;
  readonly megabytes: number;
}

/** A third of the run, but no more than three minutes: caches, pools and compiled code fill in that time. */
const WARM_UP_SHARE = 1 / 3;
const WARM_UP_MINUTES = 3;
/** Shorter than this a slope says more about the garbage collector than about the program. */
const LEAST_MINUTES = 2;

/** Megabytes a minute after the warm-up, by least squares; null when the run was too short to say. */
export function slopeOf(samples: readonly Sample[]): number | null {
  const last = samples.at(-1)?.minute ?? 0;
  const from = Math.min(last * WARM_UP_SHARE, WARM_UP_MINUTES);
  if (last - from < LEAST_MINUTES) return null;
  const warm = samples.filter(({ minute, megabytes }) => minute >= from && megabytes > 0);
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [x, y] = [mean(warm.map(({ minute }) => minute)), mean(warm.map(({ megabytes }) => megabytes))];
  const covariance = warm.reduce((sum, { minute, megabytes }) => sum + (minute - x) * (megabytes - y), 0);
  const variance = warm.reduce((sum, { minute }) => sum + (minute - x) ** 2, 0);
  return variance === 0 ? null : Math.round((covariance / variance) * 100) / 100;
}
