import { setTimeout as wait } from 'node:timers/promises';
import { assertDurability, DurabilityNotGuaranteed, type Logger, type Pool } from '#platform';

const RETRY_MS = 500;

/**
 * Waits until Postgres answers, then checks once that a commit means what the promise says (fsync, synchronous_commit, full_page_writes).
 * Until then the process is up and its doors answer 503.
 *
 * @returns false if it was told to stop waiting
 * @throws when Postgres answers but would lose committed leads
 */
export async function waitForPostgres(pool: Pool, logger: Logger, stopped: () => boolean): Promise<boolean> {
  for (let reported = false; !stopped();) {
    try {
      await pool.query('select 1');
      await assertDurability(pool);
      return true;
    } catch (error) {
      if (error instanceof DurabilityNotGuaranteed) throw error;
      if (!reported) logger.warn({ component: 'postgres' }, 'Postgres does not answer; leads are refused with 503 until it does');
      reported = true;
      await wait(RETRY_MS);
    }
  }
  return false;
}
