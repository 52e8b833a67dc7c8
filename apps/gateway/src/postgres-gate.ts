import { setTimeout as wait } from 'node:timers/promises';
import { assertDurability, assertOwnSessions, DurabilityNotGuaranteed, type Logger, type Pool, SessionsAreShared } from '#platform';

const RETRY_MS = 500;

/**
 * Waits until Postgres answers, then checks once that a commit means what the promise says (fsync, synchronous_commit, full_page_writes) and that
 * each connection has a session of its own.
 * Until then the process is up and its doors answer 503.
 *
 * @returns false if it was told to stop waiting
 * @throws when Postgres answers but would lose committed leads, or is behind a pooler that shares sessions
 */
export async function waitForPostgres(pool: Pool, logger: Logger, stopped: () => boolean): Promise<boolean> {
  for (let reported = false; !stopped();) {
    try {
      await pool.query('select 1');
      await assertDurability(pool);
      await assertOwnSessions(pool);
      return true;
    } catch (error) {
      if (error instanceof DurabilityNotGuaranteed || error instanceof SessionsAreShared) throw error;
      // Nothing of a lead is in a question that asks for a session.
      if (!reported)
        logger.warn(
          { component: 'postgres', reason: (error as Error).message },
          'Postgres does not answer; leads are refused with 503 until it does',
        );
      reported = true;
      await wait(RETRY_MS);
    }
  }
  return false;
}
