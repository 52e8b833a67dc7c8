import type { Pool } from 'pg';
import { decidePace, type DeliveryId, type DestinationId, type LeadId, type PaceFacts, type TenantId, type WorkKind } from '#core';
import { type DestinationRoom, LEADS_IN_QUEUE, MOST_DELIVERIES_AT_ONCE, MOST_LEADS_AT_ONCE, type TenantStanding } from './rooms.js';
import { Turns } from './turns.js';

/** A destination's backlog is counted up to here: a long one costs no more than a short one. */
const COUNTED = 10_000;

export interface DueLead {
  readonly id: LeadId;
  readonly tenantId: TenantId;
  readonly alone: boolean;
}
export interface DueDelivery {
  readonly id: DeliveryId;
  readonly destinationId: DestinationId;
}

/**
 * Its ring reached a process: what was lost with the queue is not it. Whoever loaded it is left so many seconds, because a second load beside
 * the first would count as a crash that never was.
 */
const LOADED_GRACE_SECONDS = 5;

/**
 * Due rows nobody has rung lately, oldest first, each tenant by itself, in the order given until there are enough, marked as rung in the same statement. `FOR UPDATE SKIP LOCKED` lets
 * two relays share the work; the statement decides on the clock of Postgres, so a worker's wrong clock rings nothing early. What somebody
 * started for many at once (bulk) comes after what has just come.
 * A lead that was in a process that died (crash_count) is rung alone, so that it can harm only itself. A process decides those one after
 * the other; so many are rung at once that it has work until the next poll and the queue stays free for others.
 */
const SUSPECTS_AT_ONCE = 50;
const TAKE_LEADS = `
  with taken as (
    select due.id, due.crash_count
      from unnest($2::text[], $3::int[]) as tenant (id, room)
      cross join lateral (
        select due.id, due.crash_count from (values (false), (true)) as kind (bulk)
          cross join lateral (
            select leads.id, leads.crash_count from leads
             where leads.tenant_id = tenant.id and leads.bulk = kind.bulk and status = 'RECEIVED'
               and (rung_at is null or rung_at < clock_timestamp()
                    - make_interval(secs => case when crash_count > 0 then greatest($1::float8, ${LOADED_GRACE_SECONDS}) else $1::float8 end))
               and (claimed_until is null or claimed_until < clock_timestamp())
             order by rung_at nulls first, leads.id limit tenant.room for update skip locked) due
         limit tenant.room) due
     limit ${MOST_LEADS_AT_ONCE}),
  due as (
    select id from taken where crash_count = 0
    union all
    (select id from taken where crash_count > 0 order by id limit ${SUSPECTS_AT_ONCE}))
  update leads set rung_at = clock_timestamp(), ring_gen = ring_gen + 1 from due where leads.id = due.id
  returning leads.id, leads.tenant_id as "tenantId", leads.crash_count > 0 as alone`;

/** What is due comes first in the order of the index, and what is rung behind it: one look tells whether any is due. */
const firstIsDue = (bulk: boolean): string => `coalesce((
             select rung_at is null or rung_at < (select clock_timestamp() - make_interval(secs => $1)) from leads
              where leads.tenant_id = tenants.id and leads.bulk = ${bulk} and leads.status = 'RECEIVED'
                and (claimed_until is null or claimed_until < clock_timestamp())
              order by rung_at nulls first, leads.id limit 1), false)`;

/**
 * How many leads of each tenant are rung and undecided, and whether more of them are due. A ring that counts as lost is not counted, else a flushed queue would block the relay for
 * good. The moment stands apart, and the rows in the order of the index: compared with the clock row by row, or found by a bitmap, all that waits
 * would be read to count what does not (measured: 270 ms for 100,000 leads).
 */
const RUNG_LEADS = `
  select tenants.id, rung.n as rung, tenants.closed_since is not null as closed,
         tenants.closed_since is null and (${firstIsDue(false)} or ${firstIsDue(true)}) as waits
    from tenants cross join lateral (
      select count(*)::int as n from (
        select 1 from (values (false), (true)) as kind (bulk)
          cross join lateral (
            select 1 from leads
             where leads.tenant_id = tenants.id and leads.bulk = kind.bulk and leads.status = 'RECEIVED'
               and leads.rung_at >= (select clock_timestamp() - make_interval(secs => $1))
             order by rung_at desc nulls last, leads.id desc limit ${LEADS_IN_QUEUE.most}) one
         limit ${LEADS_IN_QUEUE.most}) counted) rung`;

/**
 * The same for deliveries, each destination by itself: one with a long backlog is read as far as it has room and no further, and one that
 * takes no calls is not read at all. The moment stands apart, so that what is due later is not read either. What somebody started for many at once (bulk) comes after what has just come.
 */
const TAKE_DELIVERIES = `
  with due as (
    select due.id
      from unnest($2::text[], $3::int[]) as destination (id, room)
      cross join lateral (
        select due.id from (values (false), (true)) as kind (bulk)
          cross join lateral (
            select deliveries.id from deliveries
             where deliveries.destination_id = destination.id and deliveries.bulk = kind.bulk and status in ('PENDING', 'RETRYING')
               and next_attempt_at <= (select clock_timestamp()) and (rung_at is null or rung_at < clock_timestamp() - make_interval(secs => $1))
             order by next_attempt_at, deliveries.id limit destination.room for update skip locked) due
         limit destination.room) due
     limit ${MOST_DELIVERIES_AT_ONCE})
  update deliveries set rung_at = clock_timestamp(), ring_gen = ring_gen + 1 from due where deliveries.id = due.id
  returning deliveries.id, deliveries.destination_id as "destinationId"`;

/**
 * What is known of each destination, how many of its deliveries are rung and unfinished, and whether more of them could go out: whoever looks for
 * that passes by those that are rung, and is not asked where nothing goes out.
 */
const ROOMS = `
  with rung as (
    select destination_id, count(*)::int as n from deliveries
     where status in ('PENDING', 'RETRYING') and rung_at >= clock_timestamp() - make_interval(secs => $1) group by destination_id),
  known as (
  select destinations.id, coalesce(rung.n, 0) as rung,
         case when breakers.service_id is null then 'working'
              when paused_at is not null then 'paused'
              when hold_until > clock_timestamp() then 'held'
              when state = 'open' and probe_at <= clock_timestamp() then 'probe_due'
              when state = 'half_open' and probe_lease_until <= clock_timestamp() then 'probe_due'
              when state = 'closed' then 'working'
              else state end as state,
         calls_per_second as "throttledTo", extract(epoch from clock_timestamp() - greatest(throttled_at, hold_until))::float8 as "throttledSecondsAgo",
         extract(epoch from clock_timestamp() - closed_at)::float8 as "recoveredSecondsAgo"
    from destinations left join rung on rung.destination_id = destinations.id left join breakers on breakers.service_id = destinations.id)
  select known.*,
         case when state = 'working' then exists (
           select from (values (false), (true)) as kind (bulk)
             cross join lateral (
               select from deliveries
                where deliveries.destination_id = known.id and deliveries.bulk = kind.bulk and status in ('PENDING', 'RETRYING')
                  and next_attempt_at <= (select clock_timestamp())
                  and (rung_at is null or rung_at < (select clock_timestamp() - make_interval(secs => $1)))
                order by next_attempt_at, deliveries.id limit 1) one)
         else false end as waits
    from known`;

const WAITING = `
  select destinations.id, due.n as waiting, due.oldest
    from destinations cross join lateral (
      select count(*)::int as n, coalesce(extract(epoch from clock_timestamp() - min(next_attempt_at)), 0)::float8 as oldest
        from (select next_attempt_at from deliveries
               where destination_id = destinations.id and status in ('PENDING', 'RETRYING') and next_attempt_at <= (select clock_timestamp())
               limit ${COUNTED}) counted) due`;

/** Nobody has them in hand: they are rung again by the next poll. */
export const UNRING = {
  leads: { name: 'unring_leads', text: unring('leads', `'RECEIVED'`) },
  deliveries: { name: 'unring_deliveries', text: unring('deliveries', `'PENDING', 'RETRYING'`) },
} as const satisfies Record<WorkKind, { name: string; text: string }>;

/** The rows are found by id first: asked for id and status at once, Postgres may read the whole index of due rows (measured). */
function unring(table: string, open: string): string {
  return `with found as materialized (select id, status from ${table} where id = any($1::uuid[]) order by id for no key update)
          update ${table} set rung_at = null from found where ${table}.id = found.id and found.status in (${open})`;
}

const BACKLOG_OF_LEADS = `
  select count(*)::int as due, coalesce(extract(epoch from clock_timestamp() - min(received_at)), 0)::float8 as oldest
    from leads where status = 'RECEIVED'`;

export interface DestinationBacklog {
  readonly id: DestinationId;
  /** Due now, at most 10,000. */
  readonly waiting: number;
  /** Seconds since the oldest of them was due. */
  readonly oldest: number;
}

export class DueWork {
  private readonly turns = { tenants: new Turns<TenantId>(), destinations: new Turns<DestinationId>() };

  constructor(private readonly pool: Pool) {}

  /** @param rooms how many of each tenant at most; 2,000 of all of them, and whoever did not come to it comes first the next time */
  async takeLeads(staleAfterSeconds: number, rooms: ReadonlyMap<TenantId, number>): Promise<DueLead[]> {
    const open = this.turns.tenants.inOrder(withRoom(rooms));
    if (open.length === 0) return [];
    const { rows } = await this.pool.query<DueLead>(TAKE_LEADS, [staleAfterSeconds, ...columnsOf(open)]);
    this.turns.tenants.had(new Set(rows.map(({ tenantId }) => tenantId)));
    return rows;
  }

  /** @param rooms how many of each destination at most; 4,000 of all of them, and whoever did not come to it comes first the next time */
  async takeDeliveries(staleAfterSeconds: number, rooms: ReadonlyMap<DestinationId, number>): Promise<DueDelivery[]> {
    const open = this.turns.destinations.inOrder(withRoom(rooms));
    if (open.length === 0) return [];
    const { rows } = await this.pool.query<DueDelivery>(TAKE_DELIVERIES, [staleAfterSeconds, ...columnsOf(open)]);
    this.turns.destinations.had(new Set(rows.map(({ destinationId }) => destinationId)));
    return rows;
  }

  async unring(kind: WorkKind, ids: readonly string[]): Promise<void> {
    await this.pool.query({ ...UNRING[kind], values: [ids] });
  }

  /** Of every tenant. */
  async rungLeads(staleAfterSeconds: number): Promise<TenantStanding[]> {
    const { rows } = await this.pool.query<TenantStanding>(RUNG_LEADS, [staleAfterSeconds]);
    return rows;
  }

  async rooms(staleAfterSeconds: number): Promise<DestinationRoom[]> {
    const { rows } = await this.pool.query<Omit<DestinationRoom, 'callsPerSecond'> & PaceFacts>(ROOMS, [staleAfterSeconds]);
    return rows.map(({ id, rung, waits, state, ...facts }) => ({ id, rung, waits, state, callsPerSecond: decidePace(facts) }));
  }

  async waiting(): Promise<DestinationBacklog[]> {
    const { rows } = await this.pool.query<DestinationBacklog>(WAITING);
    return rows;
  }

  /** Rows due now and the age of the oldest in seconds. What waits for a destination that takes no calls is not due. */
  async backlog(kind: WorkKind): Promise<{ due: number; oldest: number }> {
    if (kind === 'leads') {
      const { rows } = await this.pool.query<{ due: number; oldest: number }>(BACKLOG_OF_LEADS);
      return rows[0] ?? { due: 0, oldest: 0 };
    }
    const [rooms, backlogs] = await Promise.all([this.rooms(0), this.waiting()]);
    const working = new Set(rooms.filter(({ state }) => state === 'working').map(({ id }) => id));
    const due = backlogs.filter(({ id }) => working.has(id));
    return {
      due: due.reduce((sum, { waiting }) => sum + waiting, 0),
      oldest: due.reduce((most, { oldest }) => Math.max(most, oldest), 0),
    };
  }
}

function withRoom<Id>(rooms: ReadonlyMap<Id, number>): (readonly [Id, number])[] {
  return [...rooms].filter(([, room]) => room > 0);
}

function columnsOf<Id extends string>(rooms: readonly (readonly [Id, number])[]): [Id[], number[]] {
  return [rooms.map(([id]) => id), rooms.map(([, room]) => room)];
}
