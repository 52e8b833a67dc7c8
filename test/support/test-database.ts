import { randomBytes } from 'node:crypto';
import pg from 'pg';

export interface TestDatabase {
  /** As the gateway's own role: what the code under test uses. */
  readonly url: string;
  /** As the owner of the tables: for set-up and for looking behind the scenes. */
  readonly ownerUrl: string;
  readonly readonlyUrl: string;
  /** Ends what is still connected and removes the database. */
  drop(): Promise<void>;
}

/**
 * A database of one's own with every migration applied, cloned from the template that `npm test` makes: about 50 ms. Once per test file:
 *
 *     beforeAll(async () => { database = await createTestDatabase(); });
 *     afterAll(() => database.drop());
 */
export async function createTestDatabase(): Promise<TestDatabase> {
  return makeDatabase(new URL(fromEnvironment('LEADGATE_TEST_DATABASE_URL')).pathname.slice(1));
}

export interface OpenDatabase extends TestDatabase {
  /** For what the tables' owner may not do either. */
  readonly superuserUrl: string;
}

/** A database without any table, for the tests of migrating itself. */
export async function createEmptyDatabase(): Promise<OpenDatabase> {
  return withSuperuser(await makeDatabase('template0'));
}

/** A copy of a database with everything in it, to be harmed. Sessions of the other one are ended: it has to be at rest. */
export async function copyDatabase({ url }: Pick<TestDatabase, 'url'>): Promise<OpenDatabase> {
  const name = new URL(url).pathname.slice(1);
  await onServer(fromEnvironment('LEADGATE_TEST_DATABASE_URL'), (client) =>
    client.query('SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = $1', [name]),
  );
  return withSuperuser(await makeDatabase(name));
}

function withSuperuser(database: TestDatabase): OpenDatabase {
  const server = new URL(fromEnvironment('LEADGATE_TEST_DATABASE_URL'));
  return { ...database, superuserUrl: Object.assign(server, { pathname: new URL(database.url).pathname }).href };
}

async function makeDatabase(template: string): Promise<TestDatabase> {
  const server = fromEnvironment('LEADGATE_TEST_DATABASE_URL');
  const name = `leadgate_test_${randomBytes(6).toString('hex')}`;
  await onServer(server, (client) => client.query(`CREATE DATABASE ${name} OWNER leadgate_owner TEMPLATE ${template}`));
  const password = fromEnvironment('LEADGATE_TEST_ROLE_PASSWORD');
  const as = (username: string) => Object.assign(new URL(server), { username, password, pathname: `/${name}` }).href;
  return {
    url: as('leadgate_app'),
    ownerUrl: as('leadgate_owner'),
    readonlyUrl: as('leadgate_readonly'),
    drop: () => onServer(server, (client) => dropDatabase(client, name)),
  };
}

/**
 * A closed pool's sessions end a moment after `end()`, on a busy machine seconds after. FORCE in that moment would send the clients an error
 * nobody listens for, which jest puts down to whatever test runs just then; so it comes only for those that stay.
 */
async function dropDatabase(client: pg.Client, name: string): Promise<void> {
  await client.query(
    `DO $$ BEGIN
       FOR round IN 1..350 LOOP
         PERFORM pg_stat_clear_snapshot();
         EXIT WHEN NOT EXISTS (SELECT FROM pg_stat_activity WHERE datname = '${name}');
         PERFORM pg_sleep(0.02);
       END LOOP;
     END $$`,
  );
  await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
}

async function onServer(server: string, work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ connectionString: Object.assign(new URL(server), { pathname: '/postgres' }).href });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}

function fromEnvironment(name: string): string {
  const value = process.env[name];
  if (value === undefined) {
    throw new Error(
      `This suite needs a Postgres, and plain jest does not start one (${name} is not set). Run it with: npm test -- <path of the spec>`,
    );
  }
  return value;
}
