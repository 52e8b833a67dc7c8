import type { Pool, PoolClient } from 'pg';
import { isConnectionLoss } from './sql-state.js';

/**
 * Runs the work in one transaction on one connection. A broken connection is thrown away, not handed back to the pool.
 *
 * @param settings of Postgres for this transaction only, as `SET LOCAL` takes them: they travel with BEGIN and cost no statement of their own
 */
export async function inTransaction<Result>(
  pool: Pool,
  work: (client: PoolClient) => Promise<Result>,
  settings: readonly string[] = [],
): Promise<Result> {
  const client = await pool.connect();
  let broken: Error | undefined;
  // A connection that breaks between two queries tells so by an event only.
  const onBroken = (error: Error): void => {
    broken = error;
  };
  client.on('error', onBroken);
  try {
    await client.query(['BEGIN', ...settings.map((setting) => `SET LOCAL ${setting}`)].join('; '));
    const result = await work(client);
    await client.query('COMMIT');
    return result;
  } catch (error) {
    // On a connection that does not answer, ROLLBACK would wait as long again; the server rolls back when the connection goes.
    if (isConnectionLoss(error)) broken = error as Error;
    else {
      await client.query('ROLLBACK').catch((rollbackError: Error) => {
        broken = rollbackError;
      });
    }
    throw error;
  } finally {
    client.off('error', onBroken);
    client.release(broken);
  }
}
