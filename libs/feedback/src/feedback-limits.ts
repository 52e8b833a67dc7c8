import type { TenantId } from '#core';
import { type PoolClient, type SpentLimit, TooManyRequests } from '#platform';

/** CONTRACTS 3: 1,000 an hour for each tenant and 10,000 an hour for all of them together. */
const LIMITS = [
  { policy: 'tenant', limit: 1000, whose: 'A tenant' },
  { policy: 'all', limit: 10_000, whose: 'All tenants together' },
] as const;
const WINDOW_SECONDS = 3600;

/** Arbitrary; held from counting to the commit, so that no two processes take the last place. */
const FEEDBACK_LOCK = 2_718_281_828;

/** `now()` and not the running clock: only a value that is fixed for the statement can be looked up in an index. */
const SPENT = {
  name: 'feedback_spent',
  text: `SELECT tenant.events AS tenant, every.events AS every,
                ceil(extract(epoch FROM tenant.oldest + make_interval(secs => $2) - now()))::int AS "tenantReset",
                ceil(extract(epoch FROM every.oldest + make_interval(secs => $2) - now()))::int AS "everyReset"
           FROM (SELECT count(*)::int AS events, min(received_at) AS oldest FROM feedback_events
                  WHERE tenant_id = $1 AND received_at > now() - make_interval(secs => $2)) AS tenant,
                (SELECT count(*)::int AS events, min(received_at) AS oldest FROM feedback_events
                  WHERE received_at > now() - make_interval(secs => $2)) AS every`,
};

interface Spent {
  readonly tenant: number;
  readonly every: number;
  readonly tenantReset: number | null;
  readonly everyReset: number | null;
}

/** @throws TooManyRequests */
export async function refuseAboveLimits(client: PoolClient, tenantId: TenantId): Promise<void> {
  const { rows } = await client.query<Spent>({ ...SPENT, values: [tenantId, WINDOW_SECONDS] });
  const { tenant, every, tenantReset, everyReset } = rows[0] as Spent;
  const spent = [
    { events: tenant, resetSeconds: tenantReset ?? 0 },
    { events: every, resetSeconds: everyReset ?? 0 },
  ];
  for (const [index, { policy, limit, whose }] of LIMITS.entries()) {
    const { events, resetSeconds } = spent[index] as (typeof spent)[number];
    if (events >= limit)
      throw tooMuchFeedback(whose, { policy, limit, windowSeconds: WINDOW_SECONDS, resetSeconds: Math.max(1, resetSeconds) });
  }
}

/** The last word on the limits: until the transaction ends, nobody else counts or adds. */
export async function takePlace(client: PoolClient, tenantId: TenantId): Promise<void> {
  await client.query('SELECT pg_advisory_xact_lock($1)', [FEEDBACK_LOCK]);
  await refuseAboveLimits(client, tenantId);
}

/** Thrown above a limit. @param whose it is, as the sentence begins */
export function tooMuchFeedback(whose: string, spent: SpentLimit): TooManyRequests {
  const detail = `${whose} may send ${spent.limit} feedback events an hour; the next one is taken in ${spent.resetSeconds} s.`;
  return new TooManyRequests('feedback_limit', detail, spent);
}
