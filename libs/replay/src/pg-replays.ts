import { appendAuditEvents, type AuditActor, type AuditEventInput, type AuditEventType } from '#audit';
import type { SkipCause, TenantId } from '#core';
import { appendOperatorEvents } from '#operator-events';
import { inTransaction, newId, type Pool, type PoolClient } from '#platform';
import { lookForCandidates, type Place } from './pg-candidates.js';
import type { Replay, ReplayId, ReplayWish } from './replay.js';

/** The columns of a replay under the names of `Replay`. */
const REPLAY = `id, tenant_id as "tenantId", kind, filter, reason, requested_by as "requestedBy", status, rate_per_second as "ratePerSecond",
  total, replayed, skipped, skipped_because as "skippedBecause", created_at as "createdAt", updated_at as "updatedAt", finished_at as "finishedAt"`;

const INSERT = `
  insert into replays (id, tenant_id, kind, filter, reason, requested_by, rate_per_second) values ($1, $2, $3, $4, $5, $6, $7) returning ${REPLAY}`;

/**
 * A fifth of what the slowest of the destinations takes: replays leave the rest to what has just come (FAULTS D.8). $2: only this one.
 */
const SLOWEST_RATE = `
  select min((destination ->> 'rate_per_second')::float8) / 5 as rate
    from config_versions, jsonb_array_elements(content -> 'destinations') as destination
   where tenant_id = $1 and active and ($2::text is null or tenant_id || '/' || (destination ->> 'name') = $2)`;

/** Who asked for it and how fast; null: at a fifth of the destination's rate, or `usualPerSecond`. */
export interface ReplayTerms {
  readonly requestedBy: AuditActor;
  readonly ratePerSecond: number | null;
  /** LEADGATE_REPLAY_PER_SECOND */
  readonly usualPerSecond: number;
}

/** Writes a wish down. What it matches is found by `collect`, here and by whoever runs replays. */
export async function startReplay(pool: Pool, wish: ReplayWish, terms: ReplayTerms): Promise<Replay> {
  const { tenantId, kind, filter, reason } = wish;
  return inTransaction(pool, async (client) => {
    const rate = terms.ratePerSecond ?? (await usualRate(client, wish, terms.usualPerSecond));
    const values = [newId(), tenantId, kind, JSON.stringify(filter), reason, terms.requestedBy, rate];
    const replay = only(await client.query<Replay>(INSERT, values));
    await appendAuditEvents(client, [eventOf(replay, 'replay.started', terms.requestedBy, reason)]);
    return replay;
  });
}

async function usualRate(client: PoolClient, { tenantId, filter }: ReplayWish, usualPerSecond: number): Promise<number> {
  const { rows } = await client.query<{ rate: number | null }>(SLOWEST_RATE, [tenantId, filter.destination ?? null]);
  return Math.min(rows[0]?.rate ?? usualPerSecond, usualPerSecond);
}

export async function tenantExists(pool: Pool, tenantId: TenantId): Promise<boolean> {
  return (await pool.query('select from tenants where id = $1', [tenantId])).rowCount === 1;
}

/** @param tenantId null: whoever's */
export async function findReplay(pool: Pool, id: ReplayId, tenantId: TenantId | null): Promise<Replay | undefined> {
  const { rows } = await pool.query<Replay>(`select ${REPLAY} from replays where id = $1 and ($2::text is null or tenant_id = $2)`, [
    id,
    tenantId,
  ]);
  return rows[0];
}

/** Newest first. */
export async function listReplays(
  pool: Pool,
  { tenantId, before, limit }: { readonly tenantId: TenantId | null; readonly before: string | null; readonly limit: number },
): Promise<Replay[]> {
  const { rows } = await pool.query<Replay>(
    `select ${REPLAY} from replays where ($1::text is null or tenant_id = $1) and ($2::uuid is null or id < $2) order by id desc limit $3`,
    [tenantId, before, limit],
  );
  return rows;
}

const CANCEL = `
  update replays set status = 'CANCELLED', updated_at = clock_timestamp()
   where id = $1 and ($2::text is null or tenant_id = $2) and status in ('COLLECTING', 'RUNNING') returning ${REPLAY}`;

const RESUME = `
  update replays set status = case when collected_at is null then 'COLLECTING' else 'RUNNING' end, updated_at = clock_timestamp()
   where id = $1 and ($2::text is null or tenant_id = $2) and status = 'CANCELLED' returning ${REPLAY}`;

/** Whose replay it is, and who asks. */
export interface ReplayCaller {
  readonly tenantId: TenantId | null;
  readonly actor: AuditActor;
}

/**
 * Waits for the round that may be under way, which is a matter of milliseconds; after this nothing more is taken up.
 * @returns as it is afterwards; undefined: there is none
 */
export async function cancelReplay(pool: Pool, id: ReplayId, { tenantId, actor }: ReplayCaller): Promise<Replay | undefined> {
  return change(pool, { id, tenantId, statement: CANCEL }, async (client, replay) => {
    await appendAuditEvents(client, [eventOf(replay, 'replay.cancelled', actor, null)]);
    await appendOperatorEvents(client, [
      { tenantId: replay.tenantId, type: 'replay.cancelled', subject: replay.id, detail: { kind: replay.kind, ...countsOf(replay) } },
    ]);
  });
}

/** A cancelled one goes on where it stopped. @returns as it is afterwards; undefined: there is none */
export async function resumeReplay(pool: Pool, id: ReplayId, { tenantId, actor }: ReplayCaller): Promise<Replay | undefined> {
  return change(pool, { id, tenantId, statement: RESUME }, (client, replay) =>
    appendAuditEvents(client, [eventOf(replay, 'replay.resumed', actor, null)]),
  );
}

interface Change {
  readonly id: ReplayId;
  readonly tenantId: TenantId | null;
  readonly statement: string;
}

async function change(
  pool: Pool,
  { id, tenantId, statement }: Change,
  tell: (client: PoolClient, replay: Replay) => Promise<void>,
): Promise<Replay | undefined> {
  const changed = await inTransaction(pool, async (client) => {
    const { rows } = await client.query<Replay>(statement, [id, tenantId]);
    if (rows[0] !== undefined) await tell(client, rows[0]);
    return rows[0];
  });
  return changed ?? findReplay(pool, id, tenantId);
}

export function eventOf(replay: Replay, type: AuditEventType, actor: AuditActor, reason: string | null): AuditEventInput {
  return { tenantId: replay.tenantId, type, actor, reason, detail: { replayId: replay.id, kind: replay.kind, ...countsOf(replay) } };
}

export function countsOf({ total, replayed, skipped }: Replay): { total: number; replayed: number; skipped: number } {
  return { total, replayed, skipped };
}

/** A replay under its row lock, with what a round needs. */
export interface LockedReplay extends Replay {
  readonly place: Place | null;
  /** How many items its rate lets it take up now. */
  readonly allowed: number;
}

/**
 * Whoever holds the row works on the replay; others pass over it. A rate that was not used for a while is not saved up: at most one
 * second's worth, or one item.
 */
const LOCK = `
  select ${REPLAY}, case when collected_status is not null then json_build_object('part', collected_status, 'after', collected_until) end as place,
         floor(rate_per_second * extract(epoch from clock_timestamp()
               - greatest(rate_used_until, clock_timestamp() - make_interval(secs => greatest(1, 1 / rate_per_second)))) + 0.000001)::int as allowed
    from replays where id = $1 and status in ('COLLECTING', 'RUNNING') for update skip locked`;

export async function lockReplay(client: PoolClient, id: ReplayId): Promise<LockedReplay | undefined> {
  return (await client.query<LockedReplay>(LOCK, [id])).rows[0];
}

/** Those that have something to do, oldest first. */
export async function openReplays(pool: Pool, limit: number): Promise<ReplayId[]> {
  const { rows } = await pool.query<{ id: ReplayId }>(
    `select id from replays where status in ('COLLECTING', 'RUNNING') order by id limit $1`,
    [limit],
  );
  return rows.map(({ id }) => id);
}

const COLLECTED = `
  update replays
     set total = total + $2, collected_status = $3, collected_until = $4, updated_at = clock_timestamp(),
         collected_at = case when $3::text is null then clock_timestamp() end,
         status = case when $3::text is null then 'RUNNING' else status end
   where id = $1`;

/** Writes one page of what the replay is about down, as of the moment it was asked for. @returns false: it is complete */
export async function collectPage(client: PoolClient, replay: LockedReplay): Promise<boolean> {
  const found = await lookForCandidates(client, {
    wish: replay,
    asOf: replay.createdAt,
    place: replay.place,
    collectInto: replay.id,
  });
  const count = found.groups.reduce((sum, group) => sum + group.count, 0);
  await client.query(COLLECTED, [replay.id, count, found.next?.part ?? null, found.next?.after ?? null]);
  return found.next !== null;
}

/** Of the outcome of one item. */
export interface DoneItem {
  readonly itemId: string;
  readonly cause: SkipCause | null;
  readonly detail: string | null;
}

const NEXT_ITEMS = {
  name: 'next_replay_items',
  text: `select item_id as "itemId" from replay_items where replay_id = $1 and outcome is null order by item_id limit $2`,
};

const MARK = {
  name: 'mark_replay_items',
  text: `update replay_items set outcome = case when row.cause is null then 'replayed' else 'skipped' end,
                detail = coalesce(row.cause || coalesce(': ' || row.detail, ''), row.detail), done_at = clock_timestamp()
           from jsonb_to_recordset($2::jsonb) as row ("itemId" uuid, cause text, detail text)
          where replay_id = $1 and item_id = row."itemId" and outcome is null`,
};

const COUNT = {
  name: 'count_replayed',
  text: `update replays
            set replayed = replayed + $2, skipped = skipped + $3, updated_at = clock_timestamp(), skipped_because = $4,
                rate_used_until = greatest(rate_used_until, clock_timestamp() - make_interval(secs => greatest(1, 1 / rate_per_second)))
                                  + make_interval(secs => ($2 + $3) / rate_per_second)
          where id = $1`,
};

/** The replay's row is locked, so nobody else takes items of it. */
export async function nextItems(client: PoolClient, replay: Replay, limit: number): Promise<string[]> {
  const { rows } = await client.query<{ itemId: string }>({ ...NEXT_ITEMS, values: [replay.id, limit] });
  return rows.map(({ itemId }) => itemId);
}

export async function markItems(client: PoolClient, replay: Replay, items: readonly DoneItem[]): Promise<void> {
  const because: Partial<Record<SkipCause, number>> = { ...replay.skippedBecause };
  for (const { cause } of items) if (cause !== null) because[cause] = (because[cause] ?? 0) + 1;
  const skipped = items.filter(({ cause }) => cause !== null).length;
  await client.query({ ...MARK, values: [replay.id, JSON.stringify(items)] });
  await client.query({ ...COUNT, values: [replay.id, items.length - skipped, skipped, JSON.stringify(because)] });
}

const FINISH = `
  update replays set status = 'FINISHED', finished_at = clock_timestamp(), updated_at = clock_timestamp()
   where id = $1 and status = 'RUNNING' returning ${REPLAY}`;

export async function finishReplay(client: PoolClient, { id }: Replay): Promise<void> {
  const replay = only(await client.query<Replay>(FINISH, [id]));
  const detail = { kind: replay.kind, ...countsOf(replay) };
  await appendAuditEvents(client, [eventOf(replay, 'replay.finished', 'relay', null)]);
  await appendOperatorEvents(client, [{ tenantId: replay.tenantId, type: 'replay.finished', subject: id, detail }]);
}

function only<Row>({ rows }: { readonly rows: readonly Row[] }): Row {
  return rows[0] as Row;
}
