import { UNTROUBLED, type BreakerState, type DestinationId, type PauseReason, type ServiceRecord, type TenantId } from '#core';
import type { PoolClient } from '#platform';

/** Moments are seconds since 1970 on the clock of Postgres. */
const COLUMNS = `
  service_id as "serviceId", state, failures, failed_leads as "failedLeads", misdirected_leads as "misdirectedLeads",
  extract(epoch from probe_at)::float8 as "probeAt", extract(epoch from probe_lease_until)::float8 as "probeUntil",
  extract(epoch from hold_until)::float8 as "holdUntil", extract(epoch from paused_at)::float8 as "pausedAt", pause_reason as "pauseReason",
  calls_per_second as "callsPerSecond", extract(epoch from throttled_at)::float8 as "throttledAt",
  extract(epoch from closed_at)::float8 as "closedAt", extract(epoch from clock_timestamp())::float8 as now`;

/** Locked in the order of ids, after everything else of the transaction: the row is held for the length of a commit only. */
const LOCK = `select ${COLUMNS} from breakers where service_id = any($1::text[]) order by service_id for no key update`;

const ADD = `
  insert into breakers (service_id, tenant_id) select * from unnest($1::text[], $2::text[]) as service (id, tenant_id) order by id
  on conflict (service_id) do nothing`;

const WRITE = `
  update breakers
     set state = row.state, failures = row.failures, failed_leads = row.failed_leads, misdirected_leads = row.misdirected_leads,
         opened_at = case when row.state = 'closed' then null else coalesce(opened_at, clock_timestamp()) end,
         probe_at = to_timestamp(row.probe_at), probe_lease_until = to_timestamp(row.probe_until),
         hold_until = to_timestamp(row.hold_until), hold_reason = row.hold_reason,
         paused_at = to_timestamp(row.paused_at), pause_reason = row.pause_reason, paused_by = case when row.paused_at is not null then coalesce(breakers.paused_by, row.paused_by) end,
         paused_version = case when row.paused_at is null then null
                          else coalesce(paused_version, (select id from config_versions where tenant_id = breakers.tenant_id and active)) end,
         calls_per_second = row.calls_per_second, throttled_at = to_timestamp(row.throttled_at), closed_at = to_timestamp(row.closed_at),
         updated_at = clock_timestamp()
    from json_to_recordset($1::json) as row (service_id text, state text, failures int, failed_leads uuid[], misdirected_leads uuid[],
         probe_at float8, probe_until float8, hold_until float8, hold_reason text, paused_at float8, pause_reason text, paused_by text,
         calls_per_second float8, throttled_at float8, closed_at float8)
   where breakers.service_id = row.service_id`;

interface Row {
  readonly serviceId: DestinationId;
  readonly state: BreakerState;
  readonly failures: number;
  readonly failedLeads: string[];
  readonly misdirectedLeads: string[];
  readonly probeAt: number | null;
  readonly probeUntil: number | null;
  readonly holdUntil: number | null;
  readonly pausedAt: number | null;
  readonly pauseReason: PauseReason | null;
  readonly callsPerSecond: number | null;
  readonly throttledAt: number | null;
  readonly closedAt: number | null;
  readonly now: number;
}

export interface KnownService {
  readonly id: DestinationId;
  readonly tenantId: TenantId;
}

/** @returns the records of the services, locked until the transaction ends; those that nothing is remembered of get a record first */
export async function lockServices(
  client: Pick<PoolClient, 'query'>,
  services: readonly KnownService[],
): Promise<Map<DestinationId, { record: ServiceRecord; now: number }>> {
  const ids = services.map(({ id }) => id);
  let { rows } = await client.query<Row>(LOCK, [ids]);
  if (rows.length < ids.length) {
    await client.query(ADD, [ids, services.map(({ tenantId }) => tenantId)]);
    ({ rows } = await client.query<Row>(LOCK, [ids]));
  }
  return new Map(rows.map((row) => [row.serviceId, { record: recordOf(row), now: row.now }]));
}

export async function writeServices(
  client: Pick<PoolClient, 'query'>,
  changed: readonly (readonly [DestinationId, ServiceRecord])[],
): Promise<void> {
  const rows = changed.map(([id, { breaker, holdUntil, pause, throttle, recoveredAt, misdirectedSubjects }]) => ({
    service_id: id,
    state: breaker.state,
    failures: breaker.failures,
    failed_leads: breaker.failedSubjects,
    misdirected_leads: misdirectedSubjects,
    probe_at: breaker.probeAt,
    probe_until: breaker.probeUntil,
    hold_until: holdUntil,
    hold_reason: holdUntil === null ? null : 'retry_after',
    paused_at: pause?.at ?? null,
    pause_reason: pause?.reason ?? null,
    paused_by: pause === null ? null : 'delivery',
    calls_per_second: throttle?.callsPerSecond ?? null,
    throttled_at: throttle?.at ?? null,
    closed_at: recoveredAt,
  }));
  await client.query(WRITE, [JSON.stringify(rows)]);
}

function recordOf(row: Row): ServiceRecord {
  return {
    ...UNTROUBLED,
    breaker: {
      state: row.state,
      failures: row.failures,
      failedSubjects: row.failedLeads,
      probeAt: row.probeAt,
      probeUntil: row.probeUntil,
    },
    holdUntil: row.holdUntil,
    pause: row.pausedAt === null || row.pauseReason === null ? null : { reason: row.pauseReason, at: row.pausedAt },
    throttle: row.callsPerSecond === null || row.throttledAt === null ? null : { callsPerSecond: row.callsPerSecond, at: row.throttledAt },
    recoveredAt: row.closedAt,
    misdirectedSubjects: row.misdirectedLeads,
  };
}
