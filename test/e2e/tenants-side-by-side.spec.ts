import { randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { aTenantFile } from '../../libs/core/src/config/testing/a-tenant-file.js';
import { eventually } from '../support/eventually.js';
import { type GatewayProcess, makeDataDir, QUEUE_BACKENDS, startGateway } from '../support/gateway-process.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

/** More than the door may ring of one tenant. Sent well within the minute after which a ring counts as lost, on a slow machine, too. */
const SENT = 600;
/** What waits besides, as whoever sent it long ago left it. */
const WAITING = 1400;
const OWN = 10;
const AT_ONCE = 40;
/** The share of one tenant that may be rung at once, and what a process had in hand when the others were rung. */
const MOST_BEFORE = 500 + 320;

describe.each(QUEUE_BACKENDS)('a tenant whose leads come behind a flood of another one, with the queue in $name', ({ redisUrl, empty }) => {
  let database: TestDatabase;
  let owner: pg.Pool;
  let folder: Awaited<ReturnType<typeof makeDataDir>>;
  let start: (roles: string) => Promise<GatewayProcess>;

  beforeAll(async () => {
    await empty();
    folder = await makeDataDir();
    database = await createTestDatabase();
    owner = new pg.Pool({ connectionString: database.ownerUrl, max: 2 });
    const config = join(folder.path, 'config');
    await mkdir(config);
    for (const tenant of ['flooding', 'quiet']) {
      const file = aTenantFile({ tenant, name: tenant, 'sources.0.path': `/in/${tenant}`, mappings: [], destinations: [] });
      await writeFile(join(config, `${tenant}.json`), JSON.stringify(file));
    }
    start = (roles) =>
      startGateway({
        databaseUrl: database.url,
        redisUrl,
        dataDir: folder.path,
        env: { LEADGATE_CONFIG: config, LEADGATE_ROLES: roles },
      });
  });

  afterAll(async () => {
    await owner.end();
    await database.drop();
    await folder.remove();
  });

  it('is not decided after it: one tenant has at most its own share of the queue', async () => {
    const door = await start('api');
    const send = (tenant: string, number: number) =>
      eventually(`lead ${number} of ${tenant} is taken`, async () => {
        const body = { email: `${tenant}-${number}@example.com`, zip: '66123' };
        const { status } = await door.post(`/in/${tenant}`, body, { 'idempotency-key': `${tenant}-${number}` });
        return status === 200 ? true : undefined;
      });
    for (let number = 0; number < SENT; number += AT_ONCE)
      await Promise.all(Array.from({ length: AT_ONCE }, (_, n) => send('flooding', number + n)));
    await owner.query(
      `with request as (
         insert into inbound_requests (id, tenant_id, source_id, route, verdict, status_code, headers, request_id, correlation_id, body, body_text, body_bytes, body_sha256)
         values ($1, 'flooding', 'flooding/form', '/in/flooding', 'accepted', 200, '{}', 'r', $1, '', '', 0, '') returning id)
       insert into leads (id, tenant_id, source_id, inbound_request_id, item_no, correlation_id, request_id, payload)
       select gen_random_uuid(), 'flooding', 'flooding/form', request.id, n, request.id, 'r',
              jsonb_build_object('email', 'waiting-' || n || '@example.com', 'zip', '66123') from request, generate_series(1, $2::int) as n`,
      [randomUUID(), WAITING],
    );
    await Promise.all(Array.from({ length: OWN }, (_, number) => send('quiet', number)));

    const worker = await start('pipeline,relay');
    await eventually('every lead is decided', async () => {
      const { rows } = await owner.query<{ n: number }>(`select count(*)::int as n from leads where status = 'RECEIVED'`);
      return rows[0]?.n === 0 ? true : undefined;
    });
    const { rows } = await owner.query<{ before: number; quiet: number }>(
      `with decided as (select tenant_id, decided_at as at from journeys),
            last as (select max(at) as at, count(*)::int as n from decided where tenant_id = 'quiet')
       select (select count(*)::int from decided, last where tenant_id = 'flooding' and decided.at < last.at) as before, last.n as quiet from last`,
    );
    expect(rows[0]?.quiet).toBe(OWN);
    expect(rows[0]?.before).toBeLessThanOrEqual(MOST_BEFORE);
    await Promise.all([door.kill(), worker.kill()]);
  });
});
