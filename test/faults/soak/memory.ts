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

/** What V8 says of a gateway's memory. */
export interface Heap {
  /** Of what has lived for a while and of what is large, garbage included. */
  readonly oldMegabytes: number;
  /** Collections of all of it so far. */
  readonly collections: number;
}

/** Read from a gateway's metrics; null while it does not answer. */
export async function heapOf(url: string): Promise<Heap | null> {
  try {
    const metrics = await (await fetch(`${url}/metrics`, { signal: AbortSignal.timeout(2000) })).text();
    const read = (series: RegExp): number => Number(series.exec(metrics)?.[1] ?? Number.NaN);
    const used = (space: string): number =>
      read(new RegExp(`^nodejs_heap_space_size_used_bytes\\{[^}]*space="${space}"[^}]*\\} (\\S+)`, 'm'));
    const oldMegabytes = (used('old') + used('large_object')) / 1024 / 1024;
    // There is no such series before the first one.
    const collections = read(/^nodejs_gc_duration_seconds_count\{[^}]*kind="major"[^}]*\} (\S+)/m) || 0;
    return Number.isFinite(oldMegabytes) ? { oldMegabytes, collections } : null;
  } catch {
    return null;
  }
}

export interface Sample {
  readonly minute: number;
  readonly resident: number;
  readonly heap: Heap | null;
}

/** A third of the run, but no more than three minutes: caches, pools and compiled code fill in that time. */
const WARM_UP_SHARE = 1 / 3;
const WARM_UP_MINUTES = 3;
/** In each half of what follows. Fewer say more about when the collector ran than about the program. */
const LEAST_COLLECTIONS = 3;

export function warm(samples: readonly Sample[]): readonly Sample[] {
  const from = Math.min((samples.at(-1)?.minute ?? 0) * WARM_UP_SHARE, WARM_UP_MINUTES);
  return samples.filter(({ minute }) => minute >= from);
}

/**
 * Megabytes a minute by which what is kept grows after the warm-up: from its first half to its second, each by the median of the samples that
 * came next after a collection, because only then the heap holds what is kept and little else. The resident memory of Node follows its garbage,
 * up to limits that depend on the machine. null when there were too few collections to say.
 */
export function growthOf(samples: readonly Sample[]): number | null {
  const all = warm(samples);
  const [from, to] = [all[0]?.minute ?? 0, all.at(-1)?.minute ?? 0];
  const middle = (from + to) / 2;
  const collected = all.filter(
    ({ heap }, at) => heap !== null && heap.collections > (all[at - 1]?.heap?.collections ?? Number.POSITIVE_INFINITY),
  );
  const first = collected.filter(({ minute }) => minute < middle);
  const second = collected.filter(({ minute }) => minute >= middle);
  if (Math.min(first.length, second.length) < LEAST_COLLECTIONS) return null;
  return Math.round(((keptIn(second) - keptIn(first)) / ((to - from) / 2)) * 100) / 100;
}

function keptIn(half: readonly Sample[]): number {
  const sorted = half.flatMap(({ heap }) => heap?.oldMegabytes ?? []).sort((one, other) => one - other);
  return sorted[sorted.length >> 1] ?? Number.NaN;
}
