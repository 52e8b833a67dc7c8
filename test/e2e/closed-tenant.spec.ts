import { randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { aTenantFile } from '../../libs/core/src/config/testing/a-tenant-file.js';
import { eventually } from '../support/eventually.js';
import { type GatewayProcess, makeDataDir, QUEUE_BACKENDS, startGateway } from '../support/gateway-process.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const BACKLOG = 3000;
/** What a poll rings of one tenant, and another that was under way when the tenant was closed. */
const MOST_RUNG = 2 * 500;
/** Less than a lost ring waits, and far more than the three seconds that it takes here. */
const GOES_ON_SECONDS = 50;

describe.each(QUEUE_BACKENDS)('a tenant whose configuration a process cannot use, with the queue in $name', ({ redisUrl, empty }) => {
  let database: TestDatabase;
  let owner: pg.Pool;
  let folder: Awaited<ReturnType<typeof makeDataDir>>;
  let door: GatewayProcess;
  let start: (env: Record<string, string>) => Promise<GatewayProcess>;
  let write: (tenant: string, changes: Parameters<typeof aTenantFile>[0]) => Promise<void>;

  beforeAll(async () => {
    await empty();
    folder = await makeDataDir();
    database = await createTestDatabase();
    owner = new pg.Pool({ connectionString: database.ownerUrl, max: 2 });
    const config = join(folder.path, 'config');
    await mkdir(config);
    write = (tenant, changes) =>
      writeFile(
        join(config, `${tenant}.json`),
        JSON.stringify(aTenantFile({ tenant, name: tenant, 'sources.0.path': `/in/${tenant}`, ...changes })),
      );
    await write('closed', { 'destinations.0.authentication.token': 'env:CRM_TOKEN' });
    await write('open', { mappings: [], destinations: [] });
    start = (env) => startGateway({ databaseUrl: database.url, redisUrl, dataDir: folder.path, env: { LEADGATE_CONFIG: config, ...env } });
    door = await start({ LEADGATE_ROLES: 'api', CRM_TOKEN: 'known' });
  });

  afterAll(async () => {
    await owner.end();
    await database.drop();
    await folder.remove();
  });

  const one = async (text: string): Promise<number> => (await owner.query<{ n: number }>(text)).rows[0]?.n ?? Number.NaN;

  it('costs a poll’s worth once and no line for each lead, however many wait; when it can be used they go on within seconds', async () => {
    await eventually('both tenants are known', async () =>
      (await one('select count(*)::int as n from config_versions where active')) === 2 ? true : undefined,
    );
    await owner.query(
      `with request as (
         insert into inbound_requests (id, tenant_id, source_id, route, verdict, status_code, headers, request_id, correlation_id, body, body_text, body_bytes, body_sha256)
         values ($1, 'closed', 'closed/form', '/in/closed', 'accepted', 200, '{}', 'r', $1, '', '', 0, '') returning id)
       insert into leads (id, tenant_id, source_id, inbound_request_id, item_no, correlation_id, request_id, payload)
       select gen_random_uuid(), 'closed', 'closed/form', request.id, n, request.id, 'r', '{"email":"ann@example.com"}' from request, generate_series(1, $2::int) as n`,
      [randomUUID(), BACKLOG],
    );

    const worker = await start({ LEADGATE_ROLES: 'pipeline,relay' });
    await eventually('it is closed', async () =>
      (await one('select count(*)::int as n from tenants where closed_since is not null')) === 1 ? true : undefined,
    );
    await eventually('what was rung is put back', async () =>
      (await one('select count(*)::int as n from leads where rung_at is not null or crash_count > 0')) === 0 ? true : undefined,
    );
    const response = await door.post('/in/open', { email: 'ben@example.com', zip: '66123' });
    expect(response.status).toBe(200);
    await eventually('another tenant’s lead is decided beside it', async () =>
      (await one(`select count(*)::int as n from journeys where tenant_id = 'open'`)) === 1 ? true : undefined,
    );
    expect(await one('select sum(ring_gen)::int as n from leads')).toBeLessThanOrEqual(MOST_RUNG + 1);
    await worker.line((line) => line.includes('its leads wait') || undefined);
    expect(worker.output().split('its leads wait')).toHaveLength(2);
    await eventually('the next poll tells it', async () =>
      (await (await fetch(`${worker.url}/metrics`)).text()).includes('leadgate_tenant_closed{tenant="closed"} 1') ? true : undefined,
    );

    await write('closed', { mappings: [], destinations: [] });
    await eventually('all of them are decided', async () =>
      (await one(`select count(*)::int as n from leads where status = 'RECEIVED'`)) === 0 ? true : undefined,
    );
    expect(await one(`select count(*)::int as n from journeys where tenant_id = 'closed'`)).toBe(BACKLOG);
    expect(
      await one(
        `select extract(epoch from (select min(decided_at) from journeys where tenant_id = 'closed')
                - (select activated_at from config_versions where tenant_id = 'closed' and active))::float8 as n`,
      ),
    ).toBeLessThan(GOES_ON_SECONDS);
    await worker.line((line) => line.includes('its leads go on') || undefined);
    await Promise.all([door.kill(), worker.kill()]);
  });
});
