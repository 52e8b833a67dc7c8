import type { Pool } from '#platform';
import { lookForCandidates, type Place } from './pg-candidates.js';
import type { ReplayWish } from './replay.js';

export interface CandidateCount {
  readonly total: number;
  /** `because`: the failure class, the reason of the hold or of the rejection, or the verdict over the request. */
  readonly groups: readonly { readonly status: string; readonly because: string | null; readonly count: number }[];
}

/** What a replay would be about, without any effect. */
export async function countCandidates(pool: Pool, wish: Pick<ReplayWish, 'tenantId' | 'kind' | 'filter'>): Promise<CandidateCount> {
  const { rows } = await pool.query<{ now: Date }>('select clock_timestamp() as now');
  const asOf = rows[0]?.now ?? new Date(0);
  const counts = new Map<string, { status: string; because: string | null; count: number }>();
  let place: Place | null = null;
  do {
    const found = await lookForCandidates(pool, { wish, asOf, place, collectInto: null });
    for (const { status, because, count } of found.groups) {
      const name = `${status} ${because ?? ''}`;
      counts.set(name, { status, because, count: (counts.get(name)?.count ?? 0) + count });
    }
    place = found.next;
  } while (place !== null);
  const groups = [...counts.values()].sort((one, other) => other.count - one.count);
  return { total: groups.reduce((sum, { count }) => sum + count, 0), groups };
}
