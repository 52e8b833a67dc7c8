import { randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { parseConnectionString, type DatabaseConnection } from './connection-string.js';
import { isAtomic, openSchemaEngine } from './schema-engine.js';

export interface MigrateOptions {
  /** Connection string of a role that owns the tables. */
  readonly url: string;
  /** The folder with prisma/ and node_modules/. */
  readonly projectRoot: string;
  /** Where the URL came from, for error messages. */
  readonly setting?: string;
}

/** The migrations could not be applied. The message says which one, what Postgres said, and what to do. */
export class MigrationFailed extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'MigrationFailed';
  }
}

/** Any number, the same in every release: processes that migrate one database take turns on it. */
const MIGRATION_LOCK = 5_423_478_283;
/** A big migration of another process may take this long before waiting for it stops being sensible. */
const LOCK_WAIT_MS = 120_000;
const NO_FILTERS = { externalTables: [], externalEnums: [] };

/**
 * Applies the migrations in prisma/migrations that the database does not have yet, in order, each one whole or not at all, and notes them in
 * `_prisma_migrations` as the Prisma CLI would. Safe to run from several processes at once and after a kill at any moment.
 *
 * @returns the names just applied; empty when there was nothing to do
 * @throws MigrationFailed
 */
export async function applyMigrations(options: MigrateOptions): Promise<string[]> {
  const connection = parseConnectionString(options.url, options.setting);
  return withMigrationLock(connection, options.setting ?? 'DATABASE_URL', async () => {
    const folder = await readMigrations(options.projectRoot);
    return withEngine(options.projectRoot, connection, async ({ engine, scripts }, pool) => {
      await forgetInterruptedMigrations(pool, folder);
      try {
        const { appliedMigrationNames } = await engine.applyMigrations({ migrationsList: folder, filters: NO_FILTERS });
        return appliedMigrationNames;
      } catch (error) {
        const reason = scripts.lastError ?? error;
        const name = await unfinishedMigration(pool);
        throw new MigrationFailed(`The migration ${name ?? '(before the first one)'} could not be applied: ${describe(reason)}`, {
          cause: reason,
        });
      }
    });
  });
}

/**
 * Compares what prisma/migrations build with what prisma/schema.prisma says, in a scratch database that is dropped afterwards.
 *
 * @param options.url a role that may create databases; its own database is not touched
 * @returns a description of the differences for people, or null when there are none
 */
export async function computeDrift(options: MigrateOptions): Promise<string | null> {
  const scratch = `leadgate_drift_${randomUUID().replaceAll('-', '')}`;
  const server = new pg.Client(parseConnectionString(options.url, options.setting).poolConfig);
  await server.connect();
  try {
    await server.query(`CREATE DATABASE ${scratch} TEMPLATE template0`);
    const url = new URL(options.url);
    url.pathname = `/${scratch}`;
    url.searchParams.delete('schema');
    await applyMigrations({ ...options, url: url.href });
    return await withEngine(options.projectRoot, parseConnectionString(url.href), async ({ engine }) => {
      const files = [await readSchema(options.projectRoot)];
      const result = await engine.diff({
        from: { tag: 'schemaDatasource', files, configDir: options.projectRoot },
        to: { tag: 'schemaDatamodel', files },
        script: false,
        exitCode: true,
        filters: NO_FILTERS,
      });
      return result.exitCode === 0 ? null : (result.stdout ?? 'The schema engine found differences, but did not say which.').trim();
    });
  } finally {
    await server.query(`DROP DATABASE IF EXISTS ${scratch} WITH (FORCE)`);
    await server.end();
  }
}

async function withMigrationLock<T>(connection: DatabaseConnection, setting: string, body: () => Promise<T>): Promise<T> {
  const holder = new pg.Client({ ...connection.poolConfig, application_name: 'leadgate-migrate', lock_timeout: LOCK_WAIT_MS });
  await holder.connect().catch((error: unknown) => {
    const { host, port } = connection.poolConfig;
    throw new MigrationFailed(`The Postgres of ${setting}, ${host} port ${port}, does not let us in: ${describe(error)}`, { cause: error });
  });
  try {
    await holder.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]).catch((error: unknown) => {
      throw new MigrationFailed(
        `Another process has been migrating this database for ${LOCK_WAIT_MS / 1000} s. Wait for it, or end it, and start again.`,
        {
          cause: error,
        },
      );
    });
    return await body();
  } finally {
    // Ends the session, and with it the lock.
    await holder.end();
  }
}

async function withEngine<T>(
  projectRoot: string,
  connection: DatabaseConnection,
  body: (opened: Awaited<ReturnType<typeof openSchemaEngine>>, pool: pg.Pool) => Promise<T>,
): Promise<T> {
  const schemaFile = await readSchema(projectRoot);
  const pool = new pg.Pool({ ...connection.poolConfig, max: 2, application_name: 'leadgate-migrate' });
  pool.on('error', () => undefined);
  try {
    return await body(await openSchemaEngine(projectRoot, pool, connection.schema, [schemaFile.path, schemaFile.content]), pool);
  } finally {
    await pool.end();
  }
}

/**
 * A process killed during a migration leaves its row unfinished, and the engine then refuses to go on (P3009). Atomic scripts left nothing behind
 * in that case, so their row is marked as rolled back and they run again. For others a person has to look: the engine's refusal stands.
 */
async function forgetInterruptedMigrations(pool: pg.Pool, folder: MigrationFolder): Promise<void> {
  if (!(await hasMigrationTable(pool))) return;
  const atomic = folder.migrationDirectories.filter(({ migrationFile }) => isAtomic(migrationFile.content.value)).map(({ path }) => path);
  await pool.query(
    'UPDATE _prisma_migrations SET rolled_back_at = now() WHERE finished_at IS NULL AND rolled_back_at IS NULL AND migration_name = ANY ($1)',
    [atomic],
  );
}

async function hasMigrationTable(pool: pg.Pool): Promise<boolean> {
  const { rows } = await pool.query<{ present: boolean }>(`SELECT to_regclass('_prisma_migrations') IS NOT NULL AS present`);
  return rows[0]?.present === true;
}

async function unfinishedMigration(pool: pg.Pool): Promise<string | undefined> {
  if (!(await hasMigrationTable(pool))) return undefined;
  const { rows } = await pool.query<{ migration_name: string }>(
    'SELECT migration_name FROM _prisma_migrations WHERE finished_at IS NULL AND rolled_back_at IS NULL ORDER BY started_at DESC LIMIT 1',
  );
  return rows[0]?.migration_name;
}

type MigrationFolder = Awaited<ReturnType<typeof readMigrations>>;

async function readMigrations(projectRoot: string) {
  const baseDir = join(projectRoot, 'prisma', 'migrations');
  const entries = await readdir(baseDir, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  const migrationDirectories = await Promise.all(
    names.sort().map(async (path) => ({
      path,
      migrationFile: {
        path: 'migration.sql',
        content: { tag: 'ok' as const, value: await readFile(join(baseDir, path, 'migration.sql'), 'utf8') },
      },
    })),
  );
  const lockfile = { path: 'migration_lock.toml', content: await readFile(join(baseDir, 'migration_lock.toml'), 'utf8') };
  return { baseDir, lockfile, shadowDbInitScript: '', migrationDirectories };
}

async function readSchema(projectRoot: string): Promise<{ path: string; content: string }> {
  const path = join(projectRoot, 'prisma', 'schema.prisma');
  return { path, content: await readFile(path, 'utf8') };
}

/** Engine errors carry a Rust backtrace below the first paragraphs; people need only what Postgres said. */
function describe(error: unknown): string {
  // A refused connection to a name with several addresses has no message of its own, only a code.
  const text = error instanceof Error ? error.message || String(('code' in error && error.code) || error.name) : String(error);
  return (text.split(/\n\s*0: /)[0] ?? text).trim();
}
