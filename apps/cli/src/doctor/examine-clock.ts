import { type Pool, secondsOutside } from '#platform';
import { bad, good, warn, type Finding } from './finding.js';

const ABOUT = 'clock';
/** From here on BullMQ's Postgres backend takes running jobs for stalled ones. */
const MOST_SECONDS = 2;

/** This machine's clock against the one of Postgres, on which every due time is. */
export async function examineClock(pool: Pool, queueIsInPostgres: boolean): Promise<Finding> {
  const before = Date.now() / 1000;
  const { rows } = await pool.query<{ seconds: number }>('SELECT extract(epoch FROM clock_timestamp())::float8 AS seconds');
  const skew = -secondsOutside(rows[0]?.seconds ?? before, before, Date.now() / 1000);
  if (Math.abs(skew) <= MOST_SECONDS) return good(ABOUT, `this machine and Postgres agree to ${Math.abs(skew).toFixed(1)} s`);
  const says = `this machine's clock is ${Math.abs(skew).toFixed(1)} s ${skew > 0 ? 'ahead of' : 'behind'} that of Postgres`;
  return queueIsInPostgres
    ? bad(
        ABOUT,
        `${says}, and the queue in Postgres does not work beyond ${MOST_SECONDS} s`,
        'synchronise both machines (NTP), or set REDIS_URL',
      )
    : warn(ABOUT, says, 'synchronise both machines (NTP)');
}
