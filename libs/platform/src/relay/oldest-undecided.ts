import type { Pool } from 'pg';
import type { LeadId } from '#core';

/**
 * By when its row last changed: a lead that is decided anew waits since then. Looks at two leads of each tenant, through the index of undecided
 * leads: of those nobody rang the first by id, and of the others the one whose ring is oldest; and the same of those that came for many at once.
 */
const OLDEST_UNDECIDED = `
  select oldest.id as "leadId", extract(epoch from clock_timestamp() - oldest.updated_at)::float8 as seconds
    from tenants cross join (values (false), (true)) as kind (bulk)
   cross join lateral (
     (select id, updated_at from leads
       where leads.tenant_id = tenants.id and leads.bulk = kind.bulk and leads.status = 'RECEIVED' and rung_at is null
       order by rung_at nulls first, id limit 1)
     union all
     (select id, updated_at from leads
       where leads.tenant_id = tenants.id and leads.bulk = kind.bulk and leads.status = 'RECEIVED' and rung_at is not null
       order by rung_at nulls first, id limit 1)) as oldest
   order by oldest.updated_at limit 1`;

export interface UndecidedLead {
  readonly leadId: LeadId;
  /** For which it has waited. */
  readonly seconds: number;
}

/** The lead that waits longest for its decision; null: none does. */
export async function oldestUndecided(pool: Pick<Pool, 'query'>): Promise<UndecidedLead | null> {
  const { rows } = await pool.query<UndecidedLead>(OLDEST_UNDECIDED);
  return rows[0] ?? null;
}
