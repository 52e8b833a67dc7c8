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

export interface EmptyDatabase extends TestDatabase {
  readonly superuserUrl: string;
}

/** A database without any table, for the tests of migrating itself. */
export async function createEmptyDatabase(): Promise<EmptyDatabase> {
  const database = await makeDatabase('template0');
  const superuserUrl = Object.assign(new URL(fromEnvironment('LEADGATE_TEST_DATABASE_URL')), {
    pathname: new URL(database.url).pathname,
  }).href;
  return { ...database, superuserUrl };
}

async function makeDatabase(template: string): Promise<TestDatabase> {
  const server = fromEnvironment('LEADGATE_TEST_DATABASE_URL');
  const name = `leadgate_test_${randomBytes(6).toString('hex')}`;
  await onServer(server, `CREATE DATABASE ${name} OWNER leadgate_owner TEMPLATE ${template}`);
  const password = fromEnvironment('LEADGATE_TEST_ROLE_PASSWORD');
  const as = (username: string) => Object.assign(new URL(server), { username, password, pathname: `/${name}` }).href;
  return {
    url: as('leadgate_app'),
    ownerUrl: as('leadgate_owner'),
    readonlyUrl: as('leadgate_readonly'),
    drop: () => onServer(server, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`),
  };
}

async function onServer(server: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: Object.assign(new URL(server), { pathname: '/postgres' }).href });
  await client.connect();
  try {
    await client.query(statement);
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
