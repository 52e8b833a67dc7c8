import pg from 'pg';
import { parseConnectionString } from './connection-string.js';

/** Postgres is set up so that a committed lead can be lost. The message names each setting and how to mend it. */
export class DurabilityNotGuaranteed extends Error {
  constructor(problems: readonly string[]) {
    super(`A 2xx promises that the lead is committed for good, and this Postgres does not keep that promise: ${problems.join('; ')}.`);
    this.name = 'DurabilityNotGuaranteed';
  }
}

/**
 * Makes `synchronous_commit = on` the default of the role in this URL, whatever the database or the server say (BullMQ's documentation suggests
 * switching it off database-wide for speed). A role may always do this for itself.
 */
export async function pinSynchronousCommit(appUrl: string): Promise<void> {
  const client = new pg.Client(parseConnectionString(appUrl).poolConfig);
  await client.connect();
  try {
    await client.query('ALTER ROLE CURRENT_USER SET synchronous_commit = on');
  } finally {
    await client.end();
  }
}

/**
 * Checks in a session of this pool that a commit is on disk before Postgres confirms it. Call it before the door opens.
 * @throws DurabilityNotGuaranteed
 */
export async function assertDurability(pool: Pick<pg.Pool, 'query'>): Promise<void> {
  const { rows } = await pool.query<{ name: string; setting: string }>(
    `SELECT name, setting FROM pg_settings WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit')`,
  );
  const settings = new Map(rows.map((row) => [row.name, row.setting]));
  const problems: string[] = [];
  for (const name of ['fsync', 'full_page_writes']) {
    const setting = settings.get(name) ?? 'unknown';
    if (setting !== 'on') problems.push(`${name} is ${setting} (ALTER SYSTEM SET ${name} = on, then reload)`);
  }
  // remote_apply waits for more than `on` does; remote_write, local and off wait for less.
  const synchronousCommit = settings.get('synchronous_commit') ?? 'unknown';
  if (synchronousCommit !== 'on' && synchronousCommit !== 'remote_apply') {
    problems.push(`synchronous_commit is ${synchronousCommit} for this role (ALTER ROLE … SET synchronous_commit = on)`);
  }
  if (problems.length > 0) throw new DurabilityNotGuaranteed(problems);
}
