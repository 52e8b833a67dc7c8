import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { assertDurability, DurabilityNotGuaranteed, sqlStateOf, type Pool } from '#platform';
import { bad, good, type Finding } from './finding.js';

const ABOUT = 'postgres';
const OLDEST_VERSION = 14;

/** A Postgres that answers: is it one that Leadgate can keep its promise on? */
export async function examinePostgres(pool: Pool, projectRoot: string): Promise<Finding[]> {
  const { rows } = await pool.query<{ version: string; number: number; standby: boolean }>(
    `SELECT current_setting('server_version') AS version, current_setting('server_version_num')::int AS number, pg_is_in_recovery() AS standby`,
  );
  const [{ version, number, standby }] = rows as [{ version: string; number: number; standby: boolean }];
  const findings = [
    number >= OLDEST_VERSION * 10_000
      ? good(ABOUT, `answers; version ${version}`)
      : bad(ABOUT, `is version ${version}, which is older than ${OLDEST_VERSION}`, `use Postgres ${OLDEST_VERSION} or newer`),
  ];
  if (standby) findings.push(bad(ABOUT, 'is a standby, where nothing can be written', 'let DATABASE_URL name the primary'));
  return [...findings, await durability(pool), await migrations(pool, projectRoot)];
}

async function durability(pool: Pool): Promise<Finding> {
  try {
    await assertDurability(pool);
    return good(ABOUT, 'a commit is on disk before it is confirmed (fsync, full_page_writes and synchronous_commit are on)');
  } catch (error) {
    if (!(error instanceof DurabilityNotGuaranteed)) throw error;
    return bad(ABOUT, error.message, 'set what is named in brackets; the gateway does not start without');
  }
}

async function migrations(pool: Pool, projectRoot: string): Promise<Finding> {
  const wanted = readdirSync(join(projectRoot, 'prisma', 'migrations'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
  const applied = new Set(await appliedMigrations(pool));
  const pending = wanted.filter((name) => !applied.has(name));
  return pending.length === 0
    ? good(ABOUT, `every migration is applied (${wanted.length})`)
    : bad(ABOUT, `${pending.length} of ${wanted.length} migrations are not applied: ${pending.join(', ')}`, 'npm run db:migrate');
}

async function appliedMigrations(pool: Pool): Promise<string[]> {
  try {
    const { rows } = await pool.query<{ name: string }>(
      'SELECT migration_name AS name FROM _prisma_migrations WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL',
    );
    return rows.map(({ name }) => name);
  } catch (error) {
    if (sqlStateOf(error) === '42P01') return [];
    throw error;
  }
}
