import type { Pool } from 'pg';
import type { DeliveryId, DestinationId, LeadId, WorkKind } from '#core';

/** The relay's limit on rows per kind that are rung and unfinished: what a lost queue may have to be rung again. */
export const MAX_RUNG = 5000;

export type DueRow =
  | { readonly kind: 'leads'; readonly id: LeadId; readonly alone: boolean }
  | { readonly kind: 'deliveries'; readonly id: DeliveryId; readonly destinationId: DestinationId };

/**
 * Due rows nobody has rung lately, oldest first, marked as rung in the same statement. `FOR UPDATE SKIP LOCKED` lets two relays share
 * the work; the statement decides on the clock of Postgres, so a worker's wrong clock rings nothing early.
 * A lead that took its process down before (crash_count) is rung alone, so that it can harm only itself.
 */
const TAKE_DUE: Record<WorkKind, string> = {
  leads: `
    with due as (
      select id from leads
       where status = 'RECEIVED' and (rung_at is null or rung_at < clock_timestamp() - make_interval(secs => $1))
         and (claimed_until is null or claimed_until < clock_timestamp())
       order by rung_at nulls first, id limit $2 for update skip locked)
    update leads set rung_at = clock_timestamp(), ring_gen = ring_gen + 1 from due where leads.id = due.id
    returning leads.id, leads.crash_count > 0 as alone`,
  deliveries: `
    with due as (
      select id from deliveries
       where status in ('PENDING', 'RETRYING') and next_attempt_at <= clock_timestamp()
         and (rung_at is null or rung_at < clock_timestamp() - make_interval(secs => $1))
       order by next_attempt_at, id limit $2 for update skip locked)
    update deliveries set rung_at = clock_timestamp(), ring_gen = ring_gen + 1 from due where deliveries.id = due.id
    returning deliveries.id, deliveries.destination_id as "destinationId"`,
};

const UNRING: Record<WorkKind, string> = {
  leads: unring('leads', `'RECEIVED'`),
  deliveries: unring('deliveries', `'PENDING', 'RETRYING'`),
};

/** The rows are found by id first: asked for id and status at once, Postgres may read the whole index of due rows (measured). */
function unring(table: string, open: string): string {
  return `with found as materialized (select id, status from ${table} where id = any($1::uuid[]) order by id for no key update)
          update ${table} set rung_at = null from found where ${table}.id = found.id and found.status in (${open})`;
}

/** Rung and unfinished. A ring that counts as lost is not counted, else a flushed queue would block the relay for good. */
const COUNT_RUNG: Record<WorkKind, string> = {
  leads: `
    select count(*)::int as n from (
      select 1 from leads where status = 'RECEIVED' and rung_at >= clock_timestamp() - make_interval(secs => $1) limit ${MAX_RUNG + 1}) rung`,
  deliveries: `
    select count(*)::int as n from (
      select 1 from deliveries
       where status in ('PENDING', 'RETRYING') and rung_at >= clock_timestamp() - make_interval(secs => $1) limit ${MAX_RUNG + 1}) rung`,
};

const BACKLOG: Record<WorkKind, string> = {
  leads: `select count(*)::int as due, coalesce(extract(epoch from clock_timestamp() - min(received_at)), 0)::float8 as oldest from leads where status = 'RECEIVED'`,
  deliveries: `select count(*)::int as due, coalesce(extract(epoch from clock_timestamp() - min(next_attempt_at)), 0)::float8 as oldest
                 from deliveries where status in ('PENDING', 'RETRYING') and next_attempt_at <= clock_timestamp()`,
};

export class DueWork {
  constructor(private readonly pool: Pool) {}

  async take(kind: WorkKind, staleAfterSeconds: number, limit: number): Promise<DueRow[]> {
    const { rows } = await this.pool.query<Record<string, unknown>>(TAKE_DUE[kind], [staleAfterSeconds, limit]);
    return rows.map((row) => ({ kind, ...row }) as DueRow);
  }

  async unring(kind: WorkKind, ids: readonly string[]): Promise<void> {
    await this.pool.query(UNRING[kind], [ids]);
  }

  async countRung(kind: WorkKind, staleAfterSeconds: number): Promise<number> {
    const { rows } = await this.pool.query<{ n: number }>(COUNT_RUNG[kind], [staleAfterSeconds]);
    return rows[0]?.n ?? 0;
  }

  /** Rows due now and the age of the oldest in seconds. */
  async backlog(kind: WorkKind): Promise<{ due: number; oldest: number }> {
    const { rows } = await this.pool.query<{ due: number; oldest: number }>(BACKLOG[kind]);
    return rows[0] ?? { due: 0, oldest: 0 };
  }
}
