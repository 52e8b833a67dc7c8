import { GATEWAY_SUBJECT, type JsonObject } from '#core';
import { inTransaction, type Pool, type PoolClient } from '#platform';
import { appendOperatorEvents } from '../append-operator-events.js';
import { decideTelling, type Waiting } from './decide-telling.js';
import { type ClaimedEvent, EventStore, type Round, type SettledCall } from './event-store.port.js';
import type { ToldEvent } from './operator-webhook.port.js';

/** One process claims at a time, so that all together keep to the limit of a minute. The number is arbitrary. */
const CLAIM_LOCK = 1_618_033_988;
/** Longer than a call may take; afterwards the process that claimed is taken for dead and the event is sent again, under its id. */
const LEASE_SECONDS = 60;

const COLUMNS = `id, tenant_id AS "tenantId", type, subject, detail, at`;
const DUE = `sent_at IS NULL AND next_attempt_at IS NOT NULL AND next_attempt_at <= clock_timestamp()`;

/** The turn of an event comes when every older one of its subject was told or given up: nobody reads of an end before its beginning. */
const READ_WAITING = `
  WITH due AS (
    SELECT id, subject, at FROM operator_events WHERE ${DUE}),
  turn AS (
    SELECT id FROM due
     WHERE NOT EXISTS (
       SELECT FROM operator_events earlier
        WHERE earlier.subject = due.subject AND (earlier.at, earlier.id) < (due.at, due.id)
          AND earlier.sent_at IS NULL AND earlier.next_attempt_at IS NOT NULL)
     ORDER BY at, id LIMIT $1)
  SELECT (SELECT count(*) FROM due)::int AS due, coalesce((SELECT array_agg(id) FROM turn), '{}') AS turns,
         (SELECT count(*) FROM operator_events WHERE last_attempt_at > clock_timestamp() - interval '1 minute')::int AS "calledInMinute",
         EXISTS (SELECT FROM operator_events
                  WHERE type = 'events.summarised' AND at > clock_timestamp() - interval '1 minute') AS "summarisedInMinute",
         (SELECT id FROM operator_events WHERE type = 'events.summarised' AND ${DUE} ORDER BY at, id LIMIT 1) AS summary`;

/** Only fresh ones: what failed before keeps its schedule. */
const FOLD = `
  WITH folded AS (
    UPDATE operator_events SET next_attempt_at = NULL
     WHERE ${DUE} AND attempt_no = 0 AND type <> 'events.summarised' RETURNING ${COLUMNS})
  SELECT * FROM folded ORDER BY at, "id"`;

const MARK_FOLDED = `UPDATE operator_events SET summarised_in = (
    SELECT id FROM operator_events WHERE type = 'events.summarised' ORDER BY at DESC, id DESC LIMIT 1)
  WHERE id = ANY ($1::uuid[])`;

const CLAIM = `
  WITH claimed AS (
    UPDATE operator_events
       SET attempt_no = attempt_no + 1, last_attempt_at = clock_timestamp(), next_attempt_at = clock_timestamp() + make_interval(secs => $2)
     WHERE id = ANY ($1::uuid[]) AND ${DUE}
    RETURNING ${COLUMNS}, attempt_no AS "attemptNo")
  SELECT * FROM claimed ORDER BY at, id`;

const KEEP = `
  WITH kept AS (
    UPDATE operator_events SET next_attempt_at = NULL, last_error = coalesce($1, last_error) WHERE ${DUE} AND at <= clock_timestamp() - make_interval(secs => $2)
    RETURNING ${COLUMNS}, attempt_no AS "attemptNo")
  SELECT * FROM kept ORDER BY at, id`;

const SETTLE = `
  UPDATE operator_events event
     SET sent_at = CASE WHEN call.told THEN clock_timestamp() END,
         next_attempt_at = clock_timestamp() + make_interval(secs => call.gap_seconds),
         last_error = call.error
    FROM json_to_recordset($1::json) AS call (id uuid, attempt_no int, told boolean, gap_seconds float8, error text)
   WHERE event.id = call.id AND event.attempt_no = call.attempt_no AND event.sent_at IS NULL`;

/**
 * The receiver works: what waits since it did not, for up to eight hours, is not left waiting, nor what stands behind it. Not what
 * was tried within the time of a lease: that may be on its way.
 */
const BRING_FORWARD = `
  UPDATE operator_events SET next_attempt_at = clock_timestamp()
   WHERE sent_at IS NULL AND next_attempt_at > clock_timestamp() AND attempt_no > 0
     AND last_attempt_at < clock_timestamp() - interval '${LEASE_SECONDS} seconds'`;

interface WaitingRow extends Omit<Waiting, 'turns'> {
  readonly turns: readonly string[];
  /** A summary is sent whatever the limit: it is what the limit is for. */
  readonly summary: string | null;
}

export class PgEventStore extends EventStore {
  constructor(private readonly pool: Pool) {
    super();
  }

  async claim(perMinute: number, most: number): Promise<Round> {
    const { rowCount } = await this.pool.query(`SELECT FROM operator_events WHERE ${DUE} LIMIT 1`);
    if (rowCount === 0) return NOTHING;
    return inTransaction(this.pool, async (client) => {
      const { rows: turn } = await client.query<{ mine: boolean }>('SELECT pg_try_advisory_xact_lock($1) AS mine', [CLAIM_LOCK]);
      if (turn[0]?.mine !== true) return NOTHING;
      const { rows } = await client.query<WaitingRow>(READ_WAITING, [perMinute]);
      const [waiting] = rows as [WaitingRow];
      const { send, summarise } = decideTelling({ ...waiting, turns: waiting.turns.length }, perMinute);
      if (summarise) return { claimed: [], fresh: await fold(client) };
      const ids = [...new Set([...(waiting.summary === null ? [] : [waiting.summary]), ...waiting.turns.slice(0, send)])].slice(0, most);
      const { rows: claimed } = await client.query<ClaimedEvent>(CLAIM, [ids, LEASE_SECONDS]);
      return { claimed, fresh: claimed.filter(({ attemptNo }) => attemptNo === 1) };
    });
  }

  async keep(error: string | null, olderThanSeconds: number): Promise<readonly ToldEvent[]> {
    const { rows } = await this.pool.query<ClaimedEvent>(KEEP, [error, olderThanSeconds]);
    return rows.filter(({ attemptNo }) => attemptNo === 0);
  }

  async settle(calls: readonly SettledCall[]): Promise<void> {
    const rows = calls.map(({ id, attemptNo, told, gapSeconds, error }) => ({
      id,
      attempt_no: attemptNo,
      told,
      gap_seconds: gapSeconds,
      error,
    }));
    await this.pool.query(SETTLE, [JSON.stringify(rows)]);
    if (calls.some(({ told }) => told)) await this.pool.query(BRING_FORWARD);
  }
}

const NOTHING: Round = { claimed: [], fresh: [] };

/** @returns what the summary tells of */
async function fold(client: PoolClient): Promise<readonly ToldEvent[]> {
  const { rows } = await client.query<ToldEvent>(FOLD);
  if (rows.length === 0) return rows;
  await appendOperatorEvents(client, [{ tenantId: null, type: 'events.summarised', subject: GATEWAY_SUBJECT, detail: summaryOf(rows) }]);
  await client.query(MARK_FOLDED, [rows.map(({ id }) => id)]);
  return rows;
}

function summaryOf(events: readonly ToldEvent[]): JsonObject {
  const types: Record<string, number> = {};
  for (const { type } of events) types[type] = (types[type] ?? 0) + 1;
  return { events: events.length, types, first_at: events[0]?.at.toISOString() ?? null, last_at: events.at(-1)?.at.toISOString() ?? null };
}
