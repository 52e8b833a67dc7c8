import { firstIdAt, type SourceId, type TenantId } from '#core';
import { inTransaction, type Pool, type PoolClient } from '#platform';
import type { HeardInHour } from './decide-silence.js';

const NAME = 'source_hours';
/** Five weeks: what an hour of the week is compared with. */
const KEPT_DAYS = 35;
/** A lead whose transaction takes longer than this after its id was made is not counted; for what is usual one more or less is nothing. */
const SETTLED_SECONDS = 5;
/** Of one step, so that a step is a short statement also after a long pause; a whole hour is made of steps. */
const STEP_MINUTES = 10;
/** From here on the hour that runs says enough; before it, the hour that ended. */
const TELLING_SHARE = 0.25;

/** The first time: from the oldest lead on, so that what is usual is known at once where the gateway has run before. */
const BEGIN = `
  INSERT INTO watches (name, done_until, next_at)
  SELECT $1, date_trunc('hour', greatest(
           coalesce((SELECT received_at FROM leads ORDER BY id LIMIT 1), clock_timestamp()),
           clock_timestamp() - make_interval(days => ${KEPT_DAYS})), 'UTC'), clock_timestamp()
  ON CONFLICT (name) DO NOTHING`;

const NEXT_STEP = `
  SELECT done_until AS "from", least(done_until - mod(extract(epoch FROM done_until), ${STEP_MINUTES * 60}) * interval '1 second' + interval '${STEP_MINUTES} minutes',
                                     clock_timestamp() - interval '${SETTLED_SECONDS} seconds') AS "until"
    FROM watches WHERE name = $1 FOR UPDATE SKIP LOCKED`;

const COUNT = `
  INSERT INTO source_hours AS known (source_id, hour, leads)
  SELECT source_id, date_trunc('hour', $1::timestamptz, 'UTC'), count(*) FROM leads WHERE id >= $2 AND id < $3 GROUP BY source_id
  ON CONFLICT (source_id, hour) DO UPDATE SET leads = known.leads + excluded.leads`;

const FORGET = `DELETE FROM source_hours WHERE hour < clock_timestamp() - make_interval(days => ${KEPT_DAYS + 1})`;

/** The hour to look at: the one that runs when enough of it has passed, else the one before. */
const HOUR = `
  SELECT CASE WHEN share >= ${TELLING_SHARE} THEN hour ELSE hour - interval '1 hour' END AS hour,
         CASE WHEN share >= ${TELLING_SHARE} THEN share ELSE 1 END AS share
    FROM (SELECT date_trunc('hour', done_until, 'UTC') AS hour,
                 extract(epoch FROM done_until - date_trunc('hour', done_until, 'UTC'))::float8 / 3600 AS share
            FROM watches WHERE name = $1) AS watch`;

const before = (unit: string, count: number): string => `
  ARRAY(SELECT coalesce(earlier.leads, 0)
          FROM generate_series(1, ${count}) AS back
          LEFT JOIN source_hours earlier ON earlier.source_id = source.id AND earlier.hour = $1::timestamptz - back * interval '${unit}'
         WHERE $1::timestamptz - back * interval '${unit}' > first.hour)`;

/** A source is known from the hour after its first lead on; an hour without a row is one without a lead. */
const HEARD = `
  SELECT source.id AS "sourceId", source.tenant_id AS "tenantId", coalesce(known.leads, 0) AS heard,
         ${before('168 hours', 5)} AS "sameHourOfWeek", ${before('24 hours', 7)} AS "sameHourOfDay",
         EXISTS (SELECT FROM alarms WHERE alarm = 'source_silent' AND subject = source.id AND raised) AS "wasSilent"
    FROM sources source
   CROSS JOIN LATERAL (SELECT min(hour) AS hour FROM source_hours WHERE source_id = source.id) AS first
    LEFT JOIN source_hours known ON known.source_id = source.id AND known.hour = $1::timestamptz
   WHERE source.enabled AND first.hour IS NOT NULL
   ORDER BY source.id`;

export interface SourceInHour extends HeardInHour {
  readonly sourceId: SourceId;
  readonly tenantId: TenantId;
  readonly hour: Date;
}

/** Nobody expects anything of a source that was switched off. */
const FORGIVE = `
  UPDATE alarms SET raised = false, changed_at = clock_timestamp()
   WHERE alarm = 'source_silent' AND raised AND subject IN (SELECT id FROM sources WHERE NOT enabled)`;

/** Counts the leads that came since the last call, each once, whoever calls; at most `steps` steps at a time. */
export async function countSourceHours(pool: Pool, steps = 600): Promise<void> {
  await pool.query(BEGIN, [NAME]);
  for (let step = 0; step < steps; step += 1) {
    if (!(await inTransaction(pool, countNext))) break;
  }
  await pool.query(FORGET);
  await pool.query(FORGIVE);
}

/** @returns whether there may be more: false when all is counted, or another process is counting */
async function countNext(client: PoolClient): Promise<boolean> {
  const { rows } = await client.query<{ from: Date; until: Date }>(NEXT_STEP, [NAME]);
  const [step] = rows;
  if (step === undefined || step.until.getTime() <= step.from.getTime()) return false;
  await client.query(COUNT, [step.from, firstIdAt(step.from.getTime()), firstIdAt(step.until.getTime())]);
  // As we read it, in the milliseconds of the ids: what is left of the last one is counted with the next step.
  await client.query('UPDATE watches SET done_until = $2 WHERE name = $1', [NAME, step.until]);
  return step.until.getTime() % (STEP_MINUTES * 60_000) === 0;
}

/** What every source that is known brought in the hour to look at. */
export async function readSourceHours(pool: Pool): Promise<readonly SourceInHour[]> {
  const { rows: hours } = await pool.query<{ hour: Date; share: number }>(HOUR, [NAME]);
  const [looked] = hours;
  if (looked === undefined) return [];
  const { rows } = await pool.query<Omit<SourceInHour, 'hour' | 'share'>>(HEARD, [looked.hour]);
  return rows.map((row) => ({ ...row, ...looked }));
}
