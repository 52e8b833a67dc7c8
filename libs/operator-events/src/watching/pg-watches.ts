import type { Pool } from 'pg';
import type { JsonObject } from '#core';

const TAKE_TURN = `
  INSERT INTO watches AS watch (name, done_until, next_at)
  VALUES ($1, clock_timestamp(), clock_timestamp() + make_interval(secs => $2))
  ON CONFLICT (name) DO UPDATE SET next_at = excluded.next_at WHERE watch.next_at <= clock_timestamp()
  RETURNING name`;

/**
 * Whose turn it is to work something out for all processes. A process that dies in the middle misses its turn; the next one comes.
 * @param everySeconds until the next turn
 */
export async function takeTurn(pool: Pool, name: string, everySeconds: number): Promise<boolean> {
  const { rowCount } = await pool.query(TAKE_TURN, [name, everySeconds]);
  return rowCount === 1;
}

/** Puts off the next turn, e.g. because the last one was costly. */
export async function keepResult(pool: Pool, name: string, result: JsonObject, nextInSeconds: number): Promise<void> {
  await pool.query(
    `UPDATE watches SET result = $2::jsonb, done_until = clock_timestamp(), next_at = greatest(next_at, clock_timestamp() + make_interval(secs => $3))
      WHERE name = $1`,
    [name, JSON.stringify(result), nextInSeconds],
  );
}

export async function readResult(pool: Pool, name: string): Promise<JsonObject | null> {
  const { rows } = await pool.query<{ result: JsonObject }>('SELECT result FROM watches WHERE name = $1', [name]);
  return rows[0]?.result ?? null;
}
