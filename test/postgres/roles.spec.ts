import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { assertDurability, createPgPool, createPrismaClient, prepareDatabase } from '#platform';

let database: TestDatabase;
const clients: pg.Client[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
});

afterAll(async () => {
  await Promise.all(clients.map((client) => client.end()));
  await database.drop();
});

async function connected(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  clients.push(client);
  return client;
}

const event = `INSERT INTO audit_events (id, tenant_id, type, actor) VALUES (gen_random_uuid(), 't', 'lead_received', 'gateway')`;

describe('the role of the gateway', () => {
  it('appends to the audit trail', async () => {
    const app = await connected(database.url);
    await expect(app.query(event)).resolves.toMatchObject({ rowCount: 1 });
  });

  it.each([
    'UPDATE audit_events SET actor = actor',
    'DELETE FROM audit_events',
    'TRUNCATE audit_events',
    'UPDATE audit_chain SET seq = seq',
    'DELETE FROM audit_chain',
    'TRUNCATE audit_chain',
    'DELETE FROM _prisma_migrations',
    'CREATE TABLE mine ()',
    'ALTER TABLE audit_events DISABLE TRIGGER ALL',
  ])('may not: %s', async (statement) => {
    const app = await connected(database.url);
    await expect(app.query(statement)).rejects.toMatchObject({ code: '42501' });
  });

  it('commits durably', async () => {
    const pool = createPgPool({ url: database.url, applicationName: 'test', acquireTimeoutMs: 5000 });
    await expect(assertDurability(pool)).resolves.toBeUndefined();
    await pool.end();
  });

  it('is given its rights again after BullMQ made a sequence as this role (every second start)', async () => {
    const app = await connected(database.url);
    await app.query(`SELECT bullmq.next_job_id('process')`);
    await expect(prepareDatabase({ ownerUrl: database.ownerUrl, appUrl: database.url, projectRoot: process.cwd() })).resolves.toMatchObject(
      {
        grantedRoles: ['leadgate_app', 'leadgate_readonly'],
      },
    );
    await expect(app.query(`SELECT bullmq.next_job_id('process')`)).resolves.toMatchObject({ rows: [{ next_job_id: '2' }] });
  });

  it('uses tables that later migrations add', async () => {
    const owner = await connected(database.ownerUrl);
    await owner.query('CREATE TABLE later (id integer)');
    const app = await connected(database.url);
    await expect(app.query('INSERT INTO later VALUES (1)')).resolves.toMatchObject({ rowCount: 1 });
    const reader = await connected(database.readonlyUrl);
    await expect(reader.query('SELECT * FROM later')).resolves.toMatchObject({ rowCount: 1 });
  });

  it('uses the tables of the queue', async () => {
    const app = await connected(database.url);
    await expect(app.query('SELECT FROM bullmq.job')).resolves.toMatchObject({ rowCount: 0 });
  });
});

describe('the owner', () => {
  it.each(['UPDATE audit_events SET actor = actor', 'DELETE FROM audit_events', 'TRUNCATE audit_events', 'TRUNCATE audit_chain'])(
    'is stopped by the trail itself: %s',
    async (statement) => {
      const owner = await connected(database.ownerUrl);
      await expect(owner.query(statement)).rejects.toThrow('append-only');
    },
  );
});

describe('the read-only role', () => {
  it('reads', async () => {
    const reader = await connected(database.readonlyUrl);
    await expect(reader.query('SELECT * FROM leads')).resolves.toMatchObject({ rowCount: 0 });
  });

  it.each(['set', 'keep'])('does not write, whether it %ss its session read-only or not', async (session) => {
    const reader = await connected(database.readonlyUrl);
    if (session === 'set') await reader.query('SET default_transaction_read_only = off');
    await expect(reader.query(event)).rejects.toMatchObject({ code: session === 'set' ? '42501' : '25006' });
  });
});

describe('a session that commits early', () => {
  it('is refused, with the setting and its remedy', async () => {
    const app = await connected(`${database.url}?options=-c%20synchronous_commit%3Doff`);
    await expect(assertDurability(app as unknown as pg.Pool)).rejects.toThrow(/synchronous_commit is off.*ALTER ROLE/);
  });
});

describe('Prisma', () => {
  it('reads through the generated client', async () => {
    const prisma = createPrismaClient({ url: database.url, applicationName: 'test', acquireTimeoutMs: 5000 });
    await prisma.tenant.create({ data: { id: 'demo', name: 'Demo' } });
    await expect(prisma.tenant.findMany({ include: { leads: true } })).resolves.toMatchObject([{ id: 'demo', leads: [] }]);
    await prisma.$disconnect();
  });
});
