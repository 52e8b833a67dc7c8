import { decidePace, type DestinationId } from '#core';
import { newId, type Pool } from '#platform';
import { CallBudgets, type CallBudget } from './call-budgets.port.js';

/** Renewed every second; a process that went away counts for one more at most. */
const LEASED_SECONDS = 2;

/**
 * While a breaker is not closed its service is given the pace of one that has just recovered: a budget lasts a second, and one without a pace
 * would let everything that waits go at once in the second after the breaker closes.
 */
const LEASE = `
  with mine as (
    insert into call_budgets (service_id, process_id, leased_until)
    select id, $2::uuid, clock_timestamp() + make_interval(secs => $3) from unnest($1::text[]) as service (id) order by id
    on conflict (service_id, process_id) do update set leased_until = excluded.leased_until),
  gone as (
    delete from call_budgets where (service_id, process_id) in (
      select service_id, process_id from call_budgets
       where process_id <> $2::uuid and leased_until < clock_timestamp() - interval '10 seconds' for update skip locked))
  select service.id, others.n as others, others.before as place,
         calls_per_second as "throttledTo",
         extract(epoch from clock_timestamp() - greatest(throttled_at, hold_until))::float8 as "throttledSecondsAgo",
         case when breakers.state <> 'closed' then 0 else extract(epoch from clock_timestamp() - closed_at)::float8 end as "recoveredSecondsAgo"
    from unnest($1::text[]) as service (id)
    cross join lateral (
      select count(*)::int as n, (count(*) filter (where process_id < $2::uuid))::int as before from call_budgets
       where service_id = service.id and process_id <> $2::uuid and leased_until > clock_timestamp()) others
    left join breakers on breakers.service_id = service.id`;

interface Row {
  readonly id: DestinationId;
  readonly others: number;
  readonly place: number;
  readonly throttledTo: number | null;
  readonly throttledSecondsAgo: number | null;
  readonly recoveredSecondsAgo: number | null;
}

export class PgCallBudgets extends CallBudgets {
  private readonly processId = newId();

  /** @param leasedSeconds another time than the one that goes with being renewed every second */
  constructor(
    private readonly pool: Pool,
    private readonly leasedSeconds = LEASED_SECONDS,
  ) {
    super();
  }

  override async lease(destinations: readonly DestinationId[]): Promise<ReadonlyMap<DestinationId, CallBudget>> {
    const { rows } = await this.pool.query<Row>(LEASE, [destinations, this.processId, this.leasedSeconds]);
    return new Map(
      rows.map(({ id, others, place, ...facts }) => [id, { processes: others + 1, place, callsPerSecond: decidePace(facts) }]),
    );
  }

  override async giveUp(): Promise<void> {
    await this.pool.query('delete from call_budgets where process_id = $1', [this.processId]);
  }
}
