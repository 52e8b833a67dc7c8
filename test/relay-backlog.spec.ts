import { randomUUID } from 'node:crypto';
import pg from 'pg';
import type { DestinationId } from '#core';
import { DueWork } from '#platform';
import { pagesRead } from './support/pages-read.js';
import { createTestDatabase, type TestDatabase } from './support/test-database.js';

const [DEAD, WELL, LATER] = ['t/dead', 't/well', 't/later'] as [DestinationId, DestinationId, DestinationId];
const BACKLOG = 20_000;
/** Pages of 8 KiB that a poll may look at; the backlog alone has three times as many. */
const FEW_PAGES = 600;

describe.each(['before', 'after'] as const)('a backlog of a dead destination, %s the table was analyzed', (moment) => {
  let database: TestDatabase;
  let pool: pg.Pool;

  beforeAll(async () => {
    database = await createTestDatabase();
    pool = new pg.Pool({ connectionString: database.ownerUrl, max: 1 });
    await pool.query(`insert into tenants (id, name) values ('t', 'T')`);
    await pool.query(`insert into sources (id, tenant_id, name, kind, path) values ('t/s', 't', 's', 'json', '/s')`);
    await pool.query(
      `insert into destinations (id, tenant_id, name, kind) values ($1, 't', 'dead', 'http'), ($2, 't', 'well', 'http'), ($3, 't', 'later', 'http')`,
      [DEAD, WELL, LATER],
    );
    await pool.query('alter table deliveries set (autovacuum_enabled = off)');
    const [request, lead] = [randomUUID(), randomUUID()];
    await pool.query(
      `insert into inbound_requests (id, tenant_id, source_id, route, verdict, status_code, headers, request_id, correlation_id, body, body_text, body_bytes, body_sha256)
       values ($1, 't', 't/s', '/s', 'accepted', 200, '{}', 'r', $1, '', '', 0, '')`,
      [request],
    );
    await pool.query(
      `insert into leads (id, tenant_id, source_id, inbound_request_id, correlation_id, request_id, payload, status)
       values ($1, 't', 't/s', $2, $2, 'r', '{}', 'READY')`,
      [lead, request],
    );
    const fill = (destination: DestinationId, count: number, dueInHours = 0) =>
      pool.query(
        `insert into deliveries (id, tenant_id, lead_id, destination_id, epoch, idempotency_key, content_type, payload, next_attempt_at)
         select gen_random_uuid(), 't', $1, $2, n, 'k' || n, 'application/json', repeat('x', 500), clock_timestamp() + make_interval(hours => $4)
           from generate_series(1, $3::int) as n`,
        [lead, destination, count, dueInHours],
      );
    await fill(DEAD, BACKLOG);
    await fill(WELL, 50);
    await fill(LATER, BACKLOG, 1);
    if (moment === 'after') await pool.query('analyze deliveries');
  });

  afterAll(async () => {
    await pool.end();
    await database.drop();
  });

  const pagesOf = (run: (due: DueWork) => Promise<unknown>): Promise<number> =>
    pagesRead(pool, (explaining) => run(new DueWork(explaining)));

  it('is not read while it takes no calls', async () => {
    const pages = await pagesOf((due) => due.takeDeliveries(60, new Map([[WELL, 10]])));
    expect(pages).toBeLessThan(FEW_PAGES);
  });

  it('is read as far as there is room: for one probe, and for ten', async () => {
    expect(await pagesOf((due) => due.takeDeliveries(60, new Map([[DEAD, 1]])))).toBeLessThan(FEW_PAGES);
    const rooms = new Map([
      [DEAD, 10],
      [WELL, 10],
    ]);
    expect(await pagesOf((due) => due.takeDeliveries(60, rooms))).toBeLessThan(FEW_PAGES);
  });

  it('is not read while it is due later', async () => {
    expect(await pagesOf((due) => due.takeDeliveries(60, new Map([[LATER, 1000]])))).toBeLessThan(FEW_PAGES);
  });

  it('is not counted to say how much of it is rung', async () => {
    expect(await pagesOf((due) => due.rooms(60))).toBeLessThan(FEW_PAGES);
  });

  it('is read no further where the first thousand are rung', async () => {
    await pool.query(
      `update deliveries set rung_at = clock_timestamp()
        where id in (select id from deliveries where destination_id = $1 order by next_attempt_at, id limit 1000)`,
      [DEAD],
    );
    expect(await pagesOf((due) => due.rooms(60))).toBeLessThan(5 * FEW_PAGES);
  });
});
