import { appendFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { applyMigrations, computeDrift, MigrationFailed } from '#platform';
import { createEmptyDatabase, type OpenDatabase } from '../support/test-database.js';

let database: OpenDatabase;
let projectRoot: string;

beforeEach(async () => {
  database = await createEmptyDatabase();
  projectRoot = mkdtempSync(join(tmpdir(), 'leadgate-migrate-'));
  writeFileSync(join(projectRoot, 'package.json'), '{}');
  symlinkSync(join(process.cwd(), 'node_modules'), join(projectRoot, 'node_modules'));
  cpSync(join(process.cwd(), 'prisma'), join(projectRoot, 'prisma'), { recursive: true });
});

afterEach(async () => {
  rmSync(projectRoot, { recursive: true });
  await database.drop();
});

const migrate = () => applyMigrations({ url: database.ownerUrl, projectRoot });

function addMigration(name: string, sql: string): void {
  const folder = join(projectRoot, 'prisma', 'migrations', name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'migration.sql'), sql);
}

async function query(sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: database.ownerUrl });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

const FOUNDATION = '20261122000000_foundation';

describe('applyMigrations', () => {
  it('applies what is missing and notes it as Prisma does', async () => {
    await expect(migrate()).resolves.toContain(FOUNDATION);
    addMigration('20990101000000_later', 'CREATE TABLE later (id integer);');
    await expect(migrate()).resolves.toEqual(['20990101000000_later']);
    await expect(migrate()).resolves.toEqual([]);
    const [row] = await query(`SELECT * FROM _prisma_migrations WHERE migration_name = '20990101000000_later'`);
    expect(row).toMatchObject({
      applied_steps_count: 1,
      rolled_back_at: null,
      finished_at: expect.any(Date),
      checksum: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });

  it('is safe to run several times at once', async () => {
    const applied = await Promise.all([migrate(), migrate(), migrate()]);
    expect(applied.flat().filter((name) => name === FOUNDATION)).toEqual([FOUNDATION]);
  });

  it('hands a script over whole: semicolons inside functions, strings and comments do not cut it', async () => {
    addMigration(
      '20990101000000_semicolons',
      `-- first; second\nCREATE FUNCTION twice(n integer) RETURNS integer LANGUAGE plpgsql AS $$ BEGIN n := n * 2; RETURN n; END $$;\nCREATE TABLE marks AS SELECT 'a;b' AS mark, twice(2) AS four;`,
    );
    await migrate();
    await expect(query('SELECT * FROM marks')).resolves.toEqual([{ mark: 'a;b', four: 4 }]);
  });

  it('applies a script whole or not at all, says what Postgres said, and goes on once it is mended', async () => {
    addMigration('20990101000000_broken', 'CREATE TABLE half (id integer); SELECT nonsense;');
    await expect(migrate()).rejects.toThrow(MigrationFailed);
    await expect(migrate()).rejects.toThrow(/20990101000000_broken[\s\S]*column "nonsense" does not exist/);
    await expect(query('SELECT * FROM half')).rejects.toMatchObject({ code: '42P01' });
    addMigration('20990101000000_broken', 'CREATE TABLE half (id integer);');
    await expect(migrate()).resolves.toEqual(['20990101000000_broken']);
  });

  it('takes up a migration whose process was killed before its script ended', async () => {
    await migrate();
    addMigration('20990101000000_killed', 'CREATE TABLE later (id integer);');
    await query(`INSERT INTO _prisma_migrations (id, checksum, migration_name) VALUES ('x', 'y', '20990101000000_killed')`);
    await expect(migrate()).resolves.toEqual(['20990101000000_killed']);
  });

  it('leaves a half-done script that cannot run in a transaction to a person', async () => {
    await migrate();
    addMigration('20990101000000_slow', 'CREATE INDEX CONCURRENTLY later ON leads (decision);');
    await query(`INSERT INTO _prisma_migrations (id, checksum, migration_name) VALUES ('x', 'y', '20990101000000_slow')`);
    await expect(migrate()).rejects.toThrow(/20990101000000_slow/);
  });

  it('applies a script that cannot run in a transaction', async () => {
    addMigration('20990101000000_slow', 'CREATE INDEX CONCURRENTLY later ON leads (decision);');
    await expect(migrate()).resolves.toContain('20990101000000_slow');
  });

  it('works in the schema the connection string names', async () => {
    await query('CREATE SCHEMA crm');
    await applyMigrations({ url: `${database.ownerUrl}?schema=crm`, projectRoot });
    await expect(
      query(`SELECT count(*)::int AS tables FROM pg_tables WHERE schemaname = 'crm' AND tablename IN ('leads', '_prisma_migrations')`),
    ).resolves.toEqual([{ tables: 2 }]);
  });
});

describe('computeDrift', () => {
  const drift = () => computeDrift({ url: database.superuserUrl, projectRoot });

  it('finds none between our migrations and our schema', async () => {
    await expect(drift()).resolves.toBeNull();
  });

  it('names what a migration added and the schema does not know', async () => {
    addMigration('20990101000000_drift', 'ALTER TABLE leads ADD COLUMN surprise text;');
    await expect(drift()).resolves.toMatch(/leads[\s\S]*surprise/);
  });

  it('names what the schema knows and no migration made', async () => {
    appendFileSync(join(projectRoot, 'prisma', 'schema.prisma'), '\nmodel Surprise {\n  id String @id\n}\n');
    await expect(drift()).resolves.toMatch(/Surprise/);
  });

  it('sees the condition of a partial index', async () => {
    const file = join(projectRoot, 'prisma', 'schema.prisma');
    const schema = readFileSync(file, 'utf8');
    writeFileSync(file, schema.replace(`(status = 'HELD'::text)`, `(status = 'READY'::text)`));
    await expect(drift()).resolves.toMatch(/hold_until/);
  });

  it('leaves no scratch database behind', async () => {
    await drift();
    await expect(query(`SELECT datname FROM pg_database WHERE datname LIKE 'leadgate_drift%'`)).resolves.toEqual([]);
  });
});
