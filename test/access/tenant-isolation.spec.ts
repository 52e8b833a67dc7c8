import { mkdtemp, rm } from 'node:fs/promises';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { PrismaClient } from '@prisma/client';
import pg from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { createApiKey, FollowedApiKeys, type KeyHolder } from '#access';
import { appendAuditEvents } from '#audit';
import type { SourceId, TenantId } from '#core';
import { FrontDoorAdapter } from '#ingestion';
import { FollowedKeyRings } from '#keys';
import { ConfigStore, createLogger, Pools, PRISMA, QUEUE_BACKEND, type QueueBackend, readSettings } from '#platform';
import { describeApi } from '#reading';
import { GatewayModule } from '../../apps/gateway/src/gateway.module.js';
import { aLead } from '../reading/a-lead-story.js';
import { PROJECT_ROOT } from '../support/child-process.js';
import { patient } from '../support/gateway-process.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

/** The owner of what is looked at, and the one who must not see it. */
const [OWNER, STRANGER] = ['demo', 't1'] as const;
const ADMIN_KEY = 'the-admin-key-of-the-tests';

/** A destination that only the owner has. */
const DESTINATION = 'customer-api';

/** Routes without keys of ours: asked by machines that watch. */
const OPEN = ['/health', '/health/live', '/health/ready', '/ready', '/metrics'];
/** Lead routes: who may send is the source's own configuration. */
const DOOR = /^post (\/webhooks\/|\/api\/|\/v1\/leads$|\/v1\/leads\/ingest$|\/in\/)|^get \/in\//;

interface Route {
  readonly method: string;
  readonly path: string;
}

let database: TestDatabase;
let owner: pg.Client;
let app: INestApplication;
let url: string;
let dataDir: string;
let guarded: Route[];
const keys: Record<'source' | 'tenant' | 'stranger' | 'operator', string> = { source: '', tenant: '', stranger: '', operator: '' };
let leadId: string;
let requestId: string;
let replayId: string;
let whatIfId: string;

beforeAll(async () => {
  database = await createTestDatabase();
  owner = new pg.Client({ connectionString: database.ownerUrl });
  await owner.connect();
  dataDir = await mkdtemp(join(tmpdir(), 'leadgate-isolation-'));
  const env = { LEADGATE_DATA_DIR: dataDir, LEADGATE_ADMIN_KEY: ADMIN_KEY };
  const settings = readSettings(env, PROJECT_ROOT);
  const parts = { settings, logger: createLogger('silent', false), databaseUrl: `${database.url}?pool_timeout=60`, env, appendAuditEvents };
  app = await NestFactory.create(GatewayModule.with(parts), new FrontDoorAdapter(), {
    bodyParser: false,
    logger: false,
    abortOnError: false,
  });
  await app.listen(0, '127.0.0.1');
  url = `http://127.0.0.1:${((app.getHttpServer() as Server).address() as AddressInfo).port}`;
  await app.get(ConfigStore).start();
  await app.get(FollowedKeyRings, { strict: false }).refresh();

  const make = async (holder: KeyHolder): Promise<string> =>
    (await createApiKey(app.get(Pools).work, { holder, name: 'spec', actor: 'cli' })).key;
  const tenantId = OWNER as TenantId;
  keys.source = await make({ scope: 'source', tenantId, sourceId: `${OWNER}/webhook` as SourceId });
  keys.tenant = await make({ scope: 'tenant', tenantId });
  keys.stranger = await make({ scope: 'tenant', tenantId: STRANGER as TenantId });
  keys.operator = await make({ scope: 'operator' });
  await app.get(FollowedApiKeys, { strict: false }).start();

  leadId = await aLead(owner, { tenant: OWNER, status: 'REJECTED', rejectionReason: 'ZIP_NOT_66XXX' });
  requestId = await aRefusedRequest(OWNER);
  replayId = uuidv7();
  await owner.query(
    `INSERT INTO replays (id, tenant_id, kind, filter, reason, requested_by, status, rate_per_second)
     VALUES ($1, $2, 'redeliver', $3, 'spec', 'cli', 'CANCELLED', 1)`,
    [replayId, OWNER, JSON.stringify({ destination: `${OWNER}/${DESTINATION}` })],
  );
  await owner.query("INSERT INTO operator_events (id, tenant_id, type, subject) VALUES ($1, $2, 'lead.poisoned', $3)", [
    uuidv7(),
    OWNER,
    leadId,
  ]);
  whatIfId = uuidv7();
  await owner.query(
    `INSERT INTO what_ifs (id, tenant_id, config_version_id, compared_version_id, filter, requested_by, status)
     SELECT $1, tenant_id, id, id, $3, 'cli', 'CANCELLED' FROM config_versions WHERE tenant_id = $2 LIMIT 1`,
    [
      whatIfId,
      OWNER,
      JSON.stringify({ from: '2026-01-01T00:00:00Z', to: '2026-02-01T00:00:00Z', source: null, limit: null, warmUpHours: 0 }),
    ],
  );
  await owner.query(`INSERT INTO what_if_differences (what_if_id, lead_id, kind, before, after) VALUES ($1, $2, 'decision', '{}', '{}')`, [
    whatIfId,
    leadId,
  ]);
  const { paths = {} } = describeApi(app);
  guarded = Object.entries(paths)
    .flatMap(([path, methods]) => Object.keys(methods as object).map((method) => ({ method, path })))
    .filter(({ method, path }) => !OPEN.includes(path) && !DOOR.test(`${method} ${path}`));
});

afterAll(async () => {
  await app.get(FollowedApiKeys, { strict: false }).stop();
  await app.get(FollowedKeyRings, { strict: false }).stop();
  await app.get(ConfigStore).stop();
  await app.close();
  await app.get<PrismaClient>(PRISMA).$disconnect();
  await app.get<QueueBackend>(QUEUE_BACKEND).close();
  await app.get(Pools).end();
  await owner.end();
  await database.drop();
  await rm(dataDir, { recursive: true });
});

async function aRefusedRequest(tenant: string | null): Promise<string> {
  const id = uuidv7();
  const source = tenant === null ? null : `${tenant}/webhook`;
  await owner.query(
    `INSERT INTO inbound_requests (id, tenant_id, source_id, route, verdict, status_code, headers, request_id, correlation_id, body, body_text, body_bytes, body_sha256)
     VALUES ($1, $2, $3, '/webhooks/leads', 'source_not_open', 403, '{}', 'req-1', $1, '{"a":1}', '{"a":1}', 7, '')`,
    [id, tenant, source],
  );
  return id;
}

/** The id in a path is the lead's, or that of the refused request of the replay or of the what-if below theirs. */
const addressOf = ({ path }: Route, id?: string): string =>
  url +
  path
    .replace('{id}', id ?? idBelow(path))
    .replace('{tenant}', OWNER)
    .replace('{name}', id ?? DESTINATION);
function idBelow(path: string): string {
  if (path.startsWith('/v1/quarantine')) return requestId;
  if (path.startsWith('/v1/what-ifs')) return whatIfId;
  return path.startsWith('/v1/replays') ? replayId : leadId;
}

function call(route: Route, key: string | null, { id, body }: { id?: string; body?: object } = {}): Promise<Response> {
  const sent = route.method === 'get' ? undefined : JSON.stringify(body ?? bodyFor(route, id ?? leadId));
  return patient(nameOf(route), () =>
    fetch(addressOf(route, id), {
      method: route.method.toUpperCase(),
      headers: { 'content-type': 'application/json', ...(key === null ? {} : { authorization: `Bearer ${key}` }) },
      ...(sent === undefined ? {} : { body: sent }),
    }),
  );
}

const asStranger = (path: string): Promise<Response> =>
  patient(`GET ${path}`, () => fetch(url + path, { headers: { authorization: `Bearer ${keys.stranger}` } }));

const feedbackOn = (id: string): object => ({ type: 'lead_created', lead_id: id });
function bodyFor({ path }: Route, id: string): object {
  if (path === '/v1/feedback') return feedbackOn(id);
  if (path === '/v1/leads/{id}/erase') return { reason: 'test_data' };
  if (path === '/v1/what-ifs') return { draft: 1, from: '2026-01-01T00:00:00Z' };
  if (path === '/v1/leads/{id}/replay') return { kind: 'reprocess', reason: 'spec' };
  if (path === '/v1/replays') return { kind: 'redeliver', reason: 'spec', dry_run: true };
  return path.startsWith('/v1/destinations') ? { reason: 'spec' } : {};
}
const problemOf = async (answer: Response): Promise<object> => {
  const { requestId: _id, instance: _instance, ...same } = (await answer.json()) as { requestId: string; instance: string };
  return { status: answer.status, ...same };
};
const namesOneThing = ({ path }: Route): boolean => path.includes('{id}') || path.includes('{name}') || path === '/v1/feedback';
const nameOf = ({ method, path }: Route): string => `${method} ${path}`;

describe('every guarded route of the API', () => {
  it('is known to this test', () => {
    expect(guarded.map(nameOf).sort()).toEqual([
      'get /stats/leads/counts',
      'get /stats/leads/recent',
      'get /stats/leads/{id}/history',
      'get /v1/destinations',
      'get /v1/destinations/{name}',
      'get /v1/destinations/{tenant}/{name}',
      'get /v1/leads',
      'get /v1/leads/{id}',
      'get /v1/operator-events',
      'get /v1/quarantine',
      'get /v1/quarantine/{id}',
      'get /v1/replays',
      'get /v1/replays/{id}',
      'get /v1/what-ifs',
      'get /v1/what-ifs/{id}',
      'get /v1/what-ifs/{id}/differences',
      'post /v1/destinations/{name}/pause',
      'post /v1/destinations/{name}/resume',
      'post /v1/destinations/{tenant}/{name}/pause',
      'post /v1/destinations/{tenant}/{name}/resume',
      'post /v1/feedback',
      'post /v1/leads/{id}/erase',
      'post /v1/leads/{id}/replay',
      'post /v1/quarantine/{id}/release',
      'post /v1/replays',
      'post /v1/replays/{id}/cancel',
      'post /v1/replays/{id}/resume',
      'post /v1/what-ifs',
      'post /v1/what-ifs/{id}/cancel',
      'post /v1/what-ifs/{id}/promote',
      'put /v1/destinations/{name}',
      'put /v1/destinations/{tenant}/{name}',
    ]);
  });

  it('answers 401 without a key and to a wrong one', async () => {
    for (const route of guarded) {
      for (const key of [null, 'guess', `lg_${'0'.repeat(16)}_${'A'.repeat(43)}`]) {
        expect([nameOf(route), (await call(route, key)).status]).toEqual([nameOf(route), 401]);
      }
    }
  });

  it('answers 403 to a key that only sends leads', async () => {
    for (const route of guarded) {
      expect([nameOf(route), await problemOf(await call(route, keys.source))]).toEqual([
        nameOf(route),
        expect.objectContaining({ status: 403, type: 'urn:leadgate:problem:key_scope' }),
      ]);
    }
  });

  it('answers a stranger’s key on somebody’s id exactly as on an id that nothing has', async () => {
    for (const route of guarded.filter(namesOneThing)) {
      const foreign = await problemOf(await call(route, keys.stranger));
      const missing = await problemOf(await call(route, keys.stranger, { id: uuidv7() }));
      expect([nameOf(route), foreign]).toEqual([nameOf(route), missing]);
      expect(foreign).toMatchObject({ status: 404 });
    }
    const { rows } = await owner.query('SELECT released_at FROM inbound_requests WHERE id = $1', [requestId]);
    expect(rows).toEqual([{ released_at: null }]);
  });

  it('lists to a stranger nothing of somebody else, whatever it asks for', async () => {
    for (const route of guarded.filter((one) => !namesOneThing(one))) {
      for (const filter of ['', `?tenant=${OWNER}`]) {
        const answer = await asStranger(route.path + filter);
        expect([nameOf(route), answer.status]).toEqual([nameOf(route), 200]);
        const text = await answer.text();
        expect(text).not.toMatch(new RegExp(`${leadId}|${requestId}|${whatIfId}|"${OWNER}"|${DESTINATION}`));
        if (route.path === '/stats/leads/counts') expect(JSON.parse(text)).toMatchObject({ total: 0 });
      }
      for (const member of ['tenant_id', 'tenantId', 'status[]', 'id']) {
        const answer = await asStranger(`${route.path}?${member}=${OWNER}`);
        expect([nameOf(route), member, answer.status]).toEqual([nameOf(route), member, 400]);
      }
    }
  });

  it('shows the tenant its own, and the operator everybody’s', async () => {
    for (const route of guarded.filter(({ method }) => method === 'get')) {
      for (const key of [keys.tenant, keys.operator, ADMIN_KEY]) {
        const answer = await call(route, key);
        expect([nameOf(route), answer.status]).toEqual([nameOf(route), 200]);
        if (route.path !== '/stats/leads/counts')
          expect(await answer.text()).toMatch(new RegExp(`${leadId}|${requestId}|${whatIfId}|${OWNER}/${DESTINATION}`));
      }
    }
  });

  it('records which operator’s key read across tenants, and no reading of a tenant', async () => {
    const reads = async (): Promise<number> =>
      (await owner.query(`SELECT 1 FROM audit_events WHERE type IN ('lead.read', 'request.read')`)).rowCount ?? 0;
    const before = await reads();
    await call({ method: 'get', path: '/v1/leads/{id}' }, keys.tenant);
    await call({ method: 'get', path: '/v1/quarantine/{id}' }, keys.tenant);
    expect(await reads()).toBe(before);
    await call({ method: 'get', path: '/v1/leads/{id}' }, keys.operator);
    await call({ method: 'get', path: '/v1/quarantine/{id}' }, keys.operator);
    const { rows } = await owner.query(
      `SELECT tenant_id, type, actor, detail->>'key_id' AS key FROM audit_events WHERE type IN ('lead.read', 'request.read') ORDER BY id DESC LIMIT 2`,
    );
    const event = { tenant_id: OWNER, actor: 'operator', key: keys.operator.split('_')[1] };
    expect(rows).toEqual([
      { ...event, type: 'request.read' },
      { ...event, type: 'lead.read' },
    ]);
  });

  it('lets a tenant release what is its own, and nobody’s requests only an operator', async () => {
    const route = { method: 'post', path: '/v1/quarantine/{id}/release' };
    const nobodys = await aRefusedRequest(null);
    expect((await call({ method: 'get', path: '/v1/quarantine/{id}' }, keys.tenant, { id: nobodys })).status).toBe(404);
    expect((await call({ method: 'get', path: '/v1/quarantine/{id}' }, keys.operator, { id: nobodys })).status).toBe(200);
    expect((await call(route, keys.tenant)).status).toBe(200);
    const { rows } = await owner.query('SELECT released_by FROM inbound_requests WHERE id = $1', [requestId]);
    expect(rows).toEqual([{ released_by: `key:${keys.tenant.split('_')[1]}` }]);
  });

  it('opens no route to a key that was revoked', async () => {
    await owner.query('UPDATE api_keys SET revoked_at = clock_timestamp()');
    await app.get(FollowedApiKeys, { strict: false }).refresh();
    for (const route of guarded) {
      for (const key of Object.values(keys)) expect([nameOf(route), (await call(route, key)).status]).toEqual([nameOf(route), 401]);
    }
    expect((await call({ method: 'get', path: '/v1/leads' }, ADMIN_KEY)).status).toBe(200);
  });
});
