import pg from 'pg';
import { pino } from 'pino';
import { createPgPool, createPrismaClient, createQueueBackend, type PgPoolOptions, ROW_BY_ROW } from '#platform';
import { eventually } from '../support/eventually.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

let database: TestDatabase;
const pools: pg.Pool[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
});

afterEach(async () => {
  for (const pool of pools.splice(0)) await pool.end();
});

afterAll(() => database.drop());

/** With time for a busy machine to make its connections, unless told otherwise. */
function aPool(options: Partial<PgPoolOptions> = {}): pg.Pool {
  const pool = createPgPool({ url: database.url, applicationName: 'leadgate-test', acquireTimeoutMs: 60_000, ...options });
  pools.push(pool);
  return pool;
}

describe('a pool', () => {
  it('gives up waiting for a connection when all are taken', async () => {
    const pool = aPool({ max: 1, acquireTimeoutMs: 50 });
    // The same limit holds for making one, and a busy machine takes longer than that now and then.
    const taken = await eventually('there is a connection', () => pool.connect().catch(() => undefined));
    await expect(pool.query('SELECT 1')).rejects.toThrow(/timeout/);
    taken.release();
    await expect(pool.query('SELECT 1')).resolves.toMatchObject({ rowCount: 1 });
  });

  it('gives up waiting for a lock', async () => {
    const pool = aPool({ lockTimeoutMs: 50 });
    const holder = await pool.connect();
    await holder.query('BEGIN; LOCK TABLE tenants');
    await expect(pool.query('SELECT FROM tenants')).rejects.toMatchObject({ code: '55P03' });
    await holder.query('ROLLBACK');
    holder.release();
  });

  it('sets what its sessions are to have, beside what the URL asks for', async () => {
    const pool = aPool({ url: `${database.url}?options=-c%20work_mem%3D5MB`, sessionSettings: ROW_BY_ROW });
    const { rows } = await pool.query(
      `select current_setting('work_mem') as mem, current_setting('enable_seqscan') as scan, current_setting('plan_cache_mode') as mode`,
    );
    expect(rows).toEqual([{ mem: '5MB', scan: 'off', mode: 'force_generic_plan' }]);
  });

  it('gives up on a statement', async () => {
    const pool = aPool({ statementTimeoutMs: 50 });
    // A process that stands still for a second may find that it gave up itself before it reads what Postgres said; that one has no code.
    const codeOf = (query: Promise<unknown>): Promise<unknown> =>
      query.then(
        () => 'an answer',
        (error: { code?: string }) => error.code,
      );
    expect(await eventually('Postgres gives it up', () => codeOf(pool.query('SELECT pg_sleep(60)')))).toBe('57014');
  });

  it.each<[string, () => pg.Pool]>([
    ['of the gateway', () => aPool()],
    [
      'that BullMQ makes',
      () => {
        const backend = createQueueBackend(undefined, database.url, aPool(), pino({ level: 'silent' }));
        const pool = new pg.Pool(backend.connection() as pg.PoolConfig);
        pool.on('error', () => undefined);
        pools.push(pool);
        return pool;
      },
    ],
  ])('%s: a connection that is ended between two queries of its holder ends no process', async (_whose, make) => {
    const holder = await make().connect();
    const { rows } = await holder.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    const gone = new Promise((resolve) => holder.once('end', resolve));
    // The only listener to 'error' is the client's own: with none, Node would end the process that runs this test.
    expect(holder.listenerCount('error')).toBeGreaterThan(0);
    await aPool().query('SELECT pg_terminate_backend($1)', [rows[0]?.pid]);
    await gone;
    await expect(holder.query('SELECT 1')).rejects.toThrow(/not queryable|terminat/);
    holder.release(true);
  });

  it('loses a session that sits idle in a transaction, and reports it instead of ending the process', async () => {
    const pool = aPool({ idleInTransactionTimeoutMs: 50 });
    const idle = await pool.connect();
    const ended = new Promise<Error>((resolve) => idle.once('error', resolve));
    await idle.query('BEGIN');
    await expect(ended).resolves.toMatchObject({ code: '25P03' });
    idle.release(true);
  });

  it('survives the end of its idle connections', async () => {
    const reported: Error[] = [];
    const pool = aPool({ onIdleConnectionError: (error) => reported.push(error) });
    const { rows } = await pool.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    const removed = new Promise((resolve) => pool.once('remove', resolve));
    const killer = aPool();
    await killer.query('SELECT pg_terminate_backend($1)', [rows[0]?.pid]);
    await removed;
    expect(reported).toMatchObject([{ code: '57P01' }]);
    await expect(pool.query('SELECT 1')).resolves.toMatchObject({ rowCount: 1 });
  });

  it.each([
    ['', 'leadgate-test'],
    ['?application_name=gateway-2', 'leadgate-test/gateway-2'],
  ])('with "%s" shows its name to whoever looks at the sessions: %s', async (query, name) => {
    await expect(aPool({ url: database.url + query }).query(`SELECT current_setting('application_name') AS name`)).resolves.toMatchObject({
      rows: [{ name }],
    });
  });

  it.each([
    [20, '?connection_limit=3', 3],
    [2, '?connection_limit=3', 2],
    [undefined, '?connection_limit=3', 3],
    [undefined, '', 10],
  ])('of at most %s with "%s" has at most %s connections', (max, query, expected) => {
    expect(aPool({ ...(max === undefined ? {} : { max }), url: database.url + query }).options.max).toBe(expected);
  });
});

describe('the schema of the connection string', () => {
  it('holds for pg and for Prisma', async () => {
    const owner = new pg.Client({ connectionString: database.ownerUrl });
    await owner.connect();
    await owner.query(
      `CREATE SCHEMA other; CREATE TABLE other.tenants AS TABLE tenants; INSERT INTO other.tenants VALUES ('there', 'There', now())`,
    );
    await owner.end();
    const url = `${database.ownerUrl}?schema=other`;
    await expect(aPool({ url }).query('SELECT id FROM tenants')).resolves.toMatchObject({ rows: [{ id: 'there' }] });
    const prisma = createPrismaClient({ url, applicationName: 'leadgate-test', acquireTimeoutMs: 60_000 });
    await expect(prisma.tenant.findMany({ select: { id: true } })).resolves.toEqual([{ id: 'there' }]);
    await prisma.$disconnect();
  });
});
