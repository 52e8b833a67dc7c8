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

/** What the heap of a gateway holds in MB, garbage included; null while it does not answer. */
export async function heapMegabytes(url: string): Promise<number | null> {
  try {
    const metrics = await (await fetch(`${url}/metrics`, { signal: AbortSignal.timeout(2000) })).text();
    const bytes = /^nodejs_heap_size_used_bytes(?:\{[^}]*\})? (\S+)/m.exec(metrics)?.[1];
    return bytes === undefined ? null : Number(bytes) / 1024 / 1024;
  } catch {
    return null;
  }
}

export interface Sample {
  readonly minute: number;
  readonly resident: number;
  readonly heap: number | null;
}

/** A third of the run, but no more than three minutes: caches, pools and compiled code fill in that time. */
const WARM_UP_SHARE = 1 / 3;
const WARM_UP_MINUTES = 3;
/** Two halves shorter than this say more about the garbage collector than about the program. */
const LEAST_MINUTES = 2;

export function warm(samples: readonly Sample[]): readonly Sample[] {
  const from = Math.min((samples.at(-1)?.minute ?? 0) * WARM_UP_SHARE, WARM_UP_MINUTES);
  return samples.filter(({ minute }) => minute >= from);
}

/**
 * Megabytes a minute by which what is kept grows after the warm-up: from the lowest heap of its first half to the lowest of its second, because
 * only right after a collection the heap holds what is kept and nothing else. The resident memory of Node follows its garbage, up to limits that
 * depend on the machine. null when the run was too short to say.
 */
export function growthOf(samples: readonly Sample[]): number | null {
  const all = warm(samples);
  const [from, to] = [all[0]?.minute ?? 0, all.at(-1)?.minute ?? 0];
  if (to - from < LEAST_MINUTES) return null;
  const middle = (from + to) / 2;
  const lowest = (half: readonly Sample[]): number => Math.min(...half.flatMap(({ heap }) => heap ?? []));
  const growth = lowest(all.filter(({ minute }) => minute >= middle)) - lowest(all.filter(({ minute }) => minute < middle));
  return Number.isFinite(growth) ? Math.round((growth / ((to - from) / 2)) * 100) / 100 : null;
}
