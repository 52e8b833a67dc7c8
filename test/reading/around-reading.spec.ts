import pg from 'pg';
import { eventually } from '../support/eventually.js';
import { patient } from '../support/gateway-process.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { aLead, aTenant } from './a-lead-story.js';
import { type ReadingApp, startReadingApp } from './reading-app.js';

let database: TestDatabase;
let owner: pg.Client;
let reading: ReadingApp;

beforeAll(async () => {
  database = await createTestDatabase();
  owner = new pg.Client({ connectionString: database.ownerUrl });
  await owner.connect();
  reading = await startReadingApp(database.url);
});

afterAll(async () => {
  await reading.close();
  await owner.end();
  await database.drop();
});

describe('a key', () => {
  const guarded = ['/stats/leads/counts', '/stats/leads/recent', '/stats/leads/x/history', '/v1/leads', '/v1/leads/x'];

  it.each(guarded)('is needed for %s', async (path) => {
    for (const [key, headers, code] of [
      [null, {}, 'key_missing'],
      [null, { authorization: 'Basic YTpi' }, 'key_malformed'],
      ['wrong', {}, 'key_invalid'],
      [`${'k'.repeat(4000)}`, {}, 'key_invalid'],
    ] as const) {
      const answer = await reading.get(path, key, headers);
      expect(answer.status).toBe(401);
      expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/);
      expect(answer.headers.get('content-type')).toBe('application/problem+json');
      const problem = (await answer.json()) as { type: string; detail: string };
      expect(problem.type).toBe(`urn:leadgate:problem:${code}`);
      expect(problem.detail).toContain('the admin key stands in admin.key in the data directory, or LEADGATE_ADMIN_KEY sets it');
    }
  });

  it.each(['/health', '/health/live', '/metrics', '/docs-json'])('is not needed for %s', async (path) => {
    expect((await patient(path, () => reading.get(path, null))).status).toBe(200);
  });
});

describe('every answer', () => {
  it('carries the id of its request: the caller’s when it is one, else ours', async () => {
    const idOf = async (path: string, id: string): Promise<string | null> =>
      (await reading.get(path, undefined, { 'x-request-id': id })).headers.get('x-request-id');
    for (const path of ['/stats/leads/counts', '/health', '/nowhere', '/v1/leads/x']) {
      expect(await idOf(path, 'abc.DEF_1-2')).toBe('abc.DEF_1-2');
      expect(await idOf(path, 'not allowed')).toMatch(/^[0-9a-f-]{36}$/);
      expect(await idOf(path, 'x'.repeat(129))).toMatch(/^[0-9a-f-]{36}$/);
    }
  });

  it('to an unknown route is a problem that does not repeat the route', async () => {
    const answer = await reading.get('/nowhere/at-all?email=a@b.de', null, { 'x-request-id': 'r-1' });
    expect(answer.status).toBe(404);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    const problem = await answer.json();
    expect(problem).toEqual({
      type: 'urn:leadgate:problem:not_found',
      title: 'Not found',
      status: 404,
      detail: 'There is no such route; /docs lists them all.',
      instance: 'urn:leadgate:request:r-1',
      errors: [],
      requestId: 'r-1',
    });
  });
});

describe('/metrics', () => {
  it('counts requests under their route template, never under an address', async () => {
    await reading.get('/v1/leads/0192f0c1-7c1e-7a53-9d6b-9f0d0f6f0a99');
    const answer = await reading.get('/metrics', null);
    expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    const text = await answer.text();
    expect(text).toMatch(/leadgate_requests_total\{route="\/v1\/leads\/:id",status="404"\} \d+/);
    expect(text).not.toContain('9f0d0f6f0a99');
  });
});

describe('health', () => {
  it('lists its components, probed live; only Postgres decides', async () => {
    // A probe that takes a second counts as down, and on a slow machine one does now and then.
    const health = await eventually('the trail is answered for, too', async () => {
      const answer = await patient('/health', () => reading.get('/health', null));
      expect(answer.status).toBe(200);
      const said = (await answer.json()) as { components: { audit: { status: string } } };
      return said.components.audit.status === 'up' ? said : undefined;
    });
    expect(Object.keys(health)).toEqual(['ok', 'timestamp', 'status', 'components', 'version']);
    expect(health).toMatchObject({ ok: true, components: { postgres: { status: 'up' }, audit: { status: 'up' } } });
    expect(Object.keys(health.components).sort()).toEqual(['audit', 'config', 'keys', 'pipeline', 'postgres', 'queue']);
  });

  it.each(['/ready', '/health/ready'])('%s follows what the process wants', async (path) => {
    const seen = async (): Promise<{ status: number; ready: boolean }> => {
      const answer = await reading.get(path, null);
      return { status: answer.status, ready: ((await answer.json()) as { ready: boolean }).ready };
    };
    expect(await seen()).toEqual({ status: 503, ready: false });
    reading.readiness.open();
    expect(await patient(path, seen)).toEqual({ status: 200, ready: true });
    reading.readiness.close();
    expect(await seen()).toEqual({ status: 503, ready: false });
  });

  it('says when leads wait and nothing decides them', async () => {
    await aTenant(owner, 'stuck');
    await aLead(owner, { tenant: 'stuck' });
    await owner.query(`UPDATE leads SET updated_at = clock_timestamp() - interval '5 minutes' WHERE status = 'RECEIVED'`);
    const health = await eventually('the pipeline is answered for', async () => {
      const answer = await patient('/health', () => reading.get('/health', null));
      const said = (await answer.json()) as { components: { pipeline: { status: string; detail: string } } };
      return said.components.pipeline.status === 'down' ? undefined : said;
    });
    expect(health).toMatchObject({ ok: true, status: 'degraded', components: { pipeline: { status: 'degraded' } } });
    expect(health.components.pipeline.detail).toContain('role pipeline');
  });
});

describe('the API describes itself', () => {
  it('to people at /docs and to programs at /docs-json, in OpenAPI 3.1', async () => {
    const page = await reading.get('/docs', null);
    expect(page.status).toBe(200);
    expect(page.headers.get('content-type')).toContain('text/html');
    const document = (await (await reading.get('/docs-json', null)).json()) as { openapi: string; paths: object };
    expect(document.openapi).toBe('3.1.0');
    expect(document.paths).toHaveProperty('/v1/leads/{id}');
    expect(JSON.stringify(document)).not.toContain('nullable');
  });
});
