import { createApiKey } from '#access';
import type { TenantId } from '#core';
import { WhatIfModule } from '#what-if';
import { ADMIN_KEY, type ReadingApp, startReadingApp } from '../reading/reading-app.js';
import { patient } from '../support/gateway-process.js';
import { ACME, acmeFile, createWhatIfWorld, type WhatIfWorld } from './support/what-if-world.js';

let world: WhatIfWorld;
let app: ReadingApp;
let tenantKey: string;
let strangerKey: string;
let draft: number;

beforeAll(async () => {
  world = await createWhatIfWorld();
  await world.activate(acmeFile());
  await world.leads(
    { at: '2026-03-02T10:00:00Z', payload: { email: 'a@example.com', zip: '66123' } },
    { at: '2026-03-02T11:00:00Z', payload: { email: 'b@example.com' } },
  );
  draft = await world.draft(acmeFile({ rules: { active: 'none', profiles: [{ name: 'none', rules: [] }] } }));
  await world.pool.query(`insert into tenants (id, name) values ('stranger', 'Stranger')`);
  const keyFor = async (tenantId: TenantId): Promise<string> =>
    (await createApiKey(world.pool, { holder: { scope: 'tenant', tenantId }, name: 'spec', actor: 'cli' })).key;
  [tenantKey, strangerKey] = [await keyFor(ACME), await keyFor('stranger' as TenantId)];
  app = await startReadingApp(world.url, { modules: [WhatIfModule] });
});
afterAll(async () => {
  await app.close();
  await world.end();
});

interface Run {
  readonly id: string;
  readonly status: string;
}
const post = async (path: string, body: object, key = tenantKey): Promise<{ status: number; body: Record<string, unknown> & Run }> => {
  const response = await patient(`POST ${path}`, () =>
    fetch(app.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
      body: JSON.stringify(body),
    }),
  );
  return { status: response.status, body: (await response.json()) as Record<string, unknown> & Run };
};
const get = async <T>(path: string, key = tenantKey): Promise<{ status: number; body: T }> => {
  const response = await patient(`GET ${path}`, () => app.get(path, key));
  return { status: response.status, body: (await response.json()) as T };
};
const MARCH = { from: '2026-03-01', to: '2026-04-01' };

it('starts, shows, lists and promotes a run of the key’s tenant', async () => {
  const { status, body } = await post('/v1/what-ifs', { draft, ...MARCH });
  expect(status).toBe(201);
  expect(body).toMatchObject({ tenant: 'acme', draft, compared_with: 1, status: 'RUNNING', total: 2, done: 0, baseline: 'active' });
  expect((await post(`/v1/what-ifs/${body.id}/promote`, {})).status).toBe(409);
  await world.run(body.id);
  expect((await get<Run>(`/v1/what-ifs/${body.id}`)).body).toMatchObject({
    status: 'FINISHED',
    done: 2,
    summary: { changed: 1, decisions: { 'REJECT NO_ZIP → PASS': 1 } },
  });
  const first = await get<{ differences: { kind: string }[]; next_cursor: string }>(`/v1/what-ifs/${body.id}/differences?limit=1`);
  expect(first.body.differences.map(({ kind }) => kind)).toEqual(['decision']);
  const next = await get<typeof first.body>(
    `/v1/what-ifs/${body.id}/differences?limit=1&cursor=${encodeURIComponent(first.body.next_cursor)}`,
  );
  expect(next.body.differences.map(({ kind }) => kind)).toEqual(['route']);
  expect((await get<{ what_ifs: Run[] }>('/v1/what-ifs')).body.what_ifs.map(({ id }) => id)).toContain(body.id);
  expect(await post(`/v1/what-ifs/${body.id}/promote`, {})).toMatchObject({ status: 200, body: { version: draft, changed: true } });
  expect((await get<Run>(`/v1/what-ifs/${body.id}`)).body).toMatchObject({ promoted_at: expect.any(String) as string });
});

it('cancels a run once', async () => {
  const another = await world.draft(acmeFile({ name: 'Another' }));
  const { body } = await post('/v1/what-ifs', { draft: another, ...MARCH });
  expect(await post(`/v1/what-ifs/${body.id}/cancel`, {})).toMatchObject({ status: 200, body: { status: 'CANCELLED' } });
  expect((await post(`/v1/what-ifs/${body.id}/cancel`, {})).status).toBe(409);
});

it('answers what is another tenant’s like what is not there', async () => {
  const another = await world.draft(acmeFile({ name: 'Of acme' }));
  const { body } = await post('/v1/what-ifs', { draft: another, tenant: 'acme', ...MARCH }, ADMIN_KEY);
  for (const id of [body.id, '01900000-0000-7000-8000-000000000000', 'nonsense']) {
    for (const path of ['', '/differences']) expect((await get(`/v1/what-ifs/${id}${path}`, strangerKey)).status).toBe(404);
    for (const verb of ['cancel', 'promote']) expect((await post(`/v1/what-ifs/${id}/${verb}`, {}, strangerKey)).status).toBe(404);
  }
  expect((await post('/v1/what-ifs', { draft: another, tenant: 'acme', ...MARCH }, strangerKey)).status).toBe(404);
  expect((await get<{ what_ifs: Run[] }>('/v1/what-ifs?tenant=acme', strangerKey)).body.what_ifs).toEqual([]);
  expect((await get<{ what_ifs: Run[] }>('/v1/what-ifs?tenant=acme', ADMIN_KEY)).body.what_ifs.length).toBeGreaterThan(0);
});

it.each<{ description: string; body: object; says: string; key?: () => string }>([
  { description: 'a version there is not', body: { draft: 999, ...MARCH }, says: 'has no version 999' },
  { description: 'no period', body: { draft: 2 }, says: 'from must be a date' },
  { description: 'a member it does not know', body: { draft: 2, ...MARCH, dry_run: true }, says: 'does not know' },
  { description: 'no tenant from an operator', body: { draft: 2, ...MARCH }, says: 'tenant is missing', key: () => ADMIN_KEY },
])('is refused for $description', async ({ body, says, key }) => {
  const answer = await post('/v1/what-ifs', body, key?.());
  expect(answer.status).toBe(400);
  expect(answer.body['detail']).toContain(says);
});

it('needs a key', async () => {
  expect((await patient('GET', () => app.get('/v1/what-ifs', null))).status).toBe(401);
});
