import pg from 'pg';
import { createApiKey, FollowedApiKeys } from '#access';
import { ActiveConfig, type ResolvedConfig, type TenantId } from '#core';
import { newId, Pools } from '#platform';
import { leadgate } from '../support/leadgate-cli.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { aLead, aTenant } from './a-lead-story.js';
import { ADMIN_KEY, type ReadingApp, startReadingApp } from './reading-app.js';

let database: TestDatabase;
let owner: pg.Client;
let reading: ReadingApp;
let tenantKey: string;
let keyId: string;

beforeAll(async () => {
  database = await createTestDatabase();
  owner = new pg.Client({ connectionString: database.ownerUrl });
  await owner.connect();
  for (const tenant of ['acme', 'other']) await aTenant(owner, tenant);
  reading = await startReadingApp(database.url);
  const { key } = await createApiKey(reading.app.get(Pools).work, {
    holder: { scope: 'tenant', tenantId: 'acme' as TenantId },
    name: 'spec',
    actor: 'cli',
  });
  tenantKey = key;
  keyId = key.split('_')[1] as string;
  await reading.app.get(FollowedApiKeys).refresh();
});
afterAll(async () => {
  await reading.close();
  await owner.end();
  await database.drop();
});
beforeEach(async () => {
  for (const table of ['deliveries', 'breakers', 'operator_events', 'leads']) await owner.query(`DELETE FROM ${table}`);
});

const read = async (path: string, key?: string): Promise<Record<string, unknown>> =>
  (await (await reading.get(path, key)).json()) as Record<string, unknown>;

async function send(
  method: string,
  path: string,
  body: object | null,
  key = ADMIN_KEY,
): Promise<{ status: number; body: Record<string, unknown> }> {
  const answer = await fetch(reading.url + path, {
    method,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    ...(body === null ? {} : { body: JSON.stringify(body) }),
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

/** What is known of the destination: columns and their SQL. */
const service = (columns: Readonly<Record<string, string>>): Promise<unknown> =>
  owner.query(
    `INSERT INTO breakers (service_id, tenant_id, ${Object.keys(columns).join(', ')}) VALUES ('acme/customer-api', 'acme', ${Object.values(columns).join(', ')})`,
  );

const trail = async (): Promise<unknown[]> =>
  (
    await owner.query(
      `SELECT type, actor, reason, detail FROM audit_events WHERE type IN ('destination.paused', 'destination.resumed') ORDER BY id DESC LIMIT 1`,
    )
  ).rows;
const told = async (): Promise<unknown[]> =>
  (await owner.query('SELECT tenant_id, type, subject, detail FROM operator_events ORDER BY at, id')).rows;

async function aDelivery(status: string, extra = ''): Promise<void> {
  const lead = await aLead(owner, { tenant: 'acme', status: 'READY' });
  await owner.query(
    `INSERT INTO deliveries (id, tenant_id, lead_id, destination_id, idempotency_key, content_type, payload, status${extra === '' ? '' : ', failure_class, finished_at'})
     VALUES (gen_random_uuid(), 'acme', $1, 'acme/customer-api', 'k', 'application/json', '{}', $2${extra})`,
    [lead, status],
  );
}

describe('destinations are shown', () => {
  it('with their state, what waits and why the last lead failed, and nothing secret of their address', async () => {
    const config = { destinations: [{ name: 'customer-api', url: 'https://crm.example.com:8443/in/s3cret?token=s3cret' }] };
    const tenant = jest.spyOn(reading.app.get(ActiveConfig), 'tenant').mockReturnValue({ config } as unknown as ResolvedConfig);
    await aDelivery('PENDING');
    await aDelivery('RETRYING');
    await aDelivery('DELIVERED');
    await aDelivery('PERMANENTLY_FAILED', `, 'refused', clock_timestamp()`);
    const text = await (await reading.get('/v1/destinations/customer-api?tenant=acme')).text();
    tenant.mockRestore();
    expect(JSON.parse(text)).toEqual({
      id: 'acme/customer-api',
      tenant: 'acme',
      name: 'customer-api',
      kind: 'http',
      enabled: true,
      host: 'crm.example.com:8443',
      state: 'working',
      since: null,
      until: null,
      reason: null,
      paused_by: null,
      failures: 0,
      calls_per_second: null,
      waiting: 2,
      oldest_waiting_since: expect.any(String),
      last_failure: { class: 'refused', at: expect.any(String) },
      managed_by: 'file',
    });
    expect(text).not.toContain('s3cret');
  });

  const LATER = "now() + interval '1 hour'";
  interface Standing {
    readonly state: string;
    readonly columns: Readonly<Record<string, string>>;
    readonly until: unknown;
    readonly reason: string | null;
  }
  const standings: readonly Standing[] = [
    {
      state: 'open',
      columns: { state: "'open'", failures: '5', opened_at: 'now()', probe_at: LATER },
      until: expect.any(String),
      reason: null,
    },
    {
      state: 'half_open',
      columns: { state: "'half_open'", opened_at: 'now()', probe_lease_until: LATER },
      until: expect.any(String),
      reason: null,
    },
    { state: 'held', columns: { hold_until: LATER, hold_reason: "'retry_after'" }, until: expect.any(String), reason: 'retry_after' },
    { state: 'working', columns: { hold_until: "now() - interval '1 hour'", hold_reason: "'retry_after'" }, until: null, reason: null },
    {
      state: 'paused',
      columns: { state: "'open'", probe_at: 'now()', paused_at: 'now()', pause_reason: "'gone'" },
      until: null,
      reason: 'gone',
    },
  ];
  it.each(standings)('$state: $columns', async ({ columns, state, until, reason }) => {
    await service(columns);
    expect(await read('/v1/destinations/customer-api', tenantKey)).toMatchObject({ state, until, reason });
  });

  it('to a tenant only its own; somebody else’s are not there', async () => {
    const ids = async (path: string, key?: string): Promise<unknown> =>
      ((await read(path, key))['destinations'] as { id: string }[]).map(({ id }) => id);
    expect(await ids('/v1/destinations')).toEqual(['acme/customer-api', 'other/customer-api']);
    expect(await ids('/v1/destinations', tenantKey)).toEqual(['acme/customer-api']);
    expect(await ids('/v1/destinations?tenant=other', tenantKey)).toEqual([]);
    expect((await reading.get('/v1/destinations/customer-api?tenant=other', tenantKey)).status).toBe(404);
    expect((await reading.get('/v1/destinations/nowhere')).status).toBe(404);
  });

  it('to an operator by tenant, where several have one of the name', async () => {
    expect(await read('/v1/destinations/customer-api')).toMatchObject({ status: 400, type: 'urn:leadgate:problem:tenant_needed' });
  });

  it('and are changed in their files, not here', async () => {
    expect(await send('PUT', '/v1/destinations/customer-api', { url: 'https://else.example.com' }, tenantKey)).toMatchObject({
      status: 409,
      body: { type: 'urn:leadgate:problem:managed_by_file' },
    });
    expect((await send('PUT', '/v1/destinations/nowhere', {}, tenantKey)).status).toBe(404);
  });
});

describe('a destination is found by the id that the list shows', () => {
  it.each(['acme/customer-api', 'acme%2Fcustomer-api', 'acme%2fcustomer-api', 'customer-api?tenant=acme'])('as %s', async (id) => {
    expect(await read(`/v1/destinations/${id}`)).toMatchObject({ id: 'acme/customer-api', tenant: 'acme', name: 'customer-api' });
    expect(await read(`/v1/destinations/${id}`, tenantKey)).toMatchObject({ id: 'acme/customer-api' });
    expect(await send('PUT', `/v1/destinations/${id}`, {})).toMatchObject({ status: 409 });
  });

  it.each(['acme/customer-api', 'acme%2Fcustomer-api'])('and paused and resumed as %s', async (id) => {
    expect(await send('POST', `/v1/destinations/${id}/pause`, { reason: 'the CRM moves' })).toMatchObject({
      status: 200,
      body: { changed: true, destination: { id: 'acme/customer-api', state: 'paused' } },
    });
    expect(await send('POST', `/v1/destinations/${id}/resume`, { reason: 'it moved' }, tenantKey)).toMatchObject({
      status: 200,
      body: { changed: true, destination: { state: 'working' } },
    });
  });

  it.each([
    'other/customer-api',
    'other%2Fcustomer-api',
    'acme%2Fcustomer-api?tenant=other',
    'acme/nowhere',
    'acme%2F',
    '%2Fcustomer-api',
    'acme%2Fcustomer-api%2Fx',
    'customer-api%00',
    'acme%00/customer-api',
  ])('and to a tenant there is none of %s', async (id) => {
    expect((await reading.get(`/v1/destinations/${id}`, tenantKey)).status).toBe(404);
    const [path, query = ''] = id.split('?');
    expect((await send('POST', `/v1/destinations/${path}/pause?${query}`, { reason: 'x' }, tenantKey)).status).toBe(404);
    expect((await owner.query('SELECT FROM breakers')).rowCount).toBe(0);
  });
});

describe('a destination is paused and resumed', () => {
  it('by a tenant’s key, with a reason, in the trail, and operators are told', async () => {
    const order = { reason: 'the CRM moves' };
    expect(await send('POST', '/v1/destinations/customer-api/pause', order, tenantKey)).toMatchObject({
      status: 200,
      body: { changed: true, destination: { state: 'paused', reason: 'by_hand', paused_by: `key:${keyId}` } },
    });
    expect(await trail()).toEqual([
      { type: 'destination.paused', actor: `key:${keyId}`, reason: 'the CRM moves', detail: { destination: 'acme/customer-api' } },
    ]);
    expect(await send('POST', '/v1/destinations/customer-api/pause', order, tenantKey)).toMatchObject({ body: { changed: false } });
    expect(await send('POST', '/v1/destinations/customer-api/resume?tenant=acme', { reason: 'it moved' })).toMatchObject({
      body: { changed: true, destination: { state: 'working', paused_by: null } },
    });
    expect(await trail()).toEqual([expect.objectContaining({ type: 'destination.resumed', actor: 'operator', reason: 'it moved' })]);
    expect(await send('POST', '/v1/destinations/customer-api/resume', order, tenantKey)).toMatchObject({ body: { changed: false } });
    expect(await told()).toEqual([
      { tenant_id: 'acme', type: 'destination.paused', subject: 'acme/customer-api', detail: { reason: 'by_hand', by: `key:${keyId}` } },
      { tenant_id: 'acme', type: 'destination.resumed', subject: 'acme/customer-api', detail: { by: 'operator' } },
    ]);
  });

  it('resumed, it lets its probe out at once and forgets a hold', async () => {
    await service({
      state: "'open'",
      failures: '5',
      opened_at: 'now()',
      probe_at: "now() + interval '1 hour'",
      hold_until: "now() + interval '1 hour'",
    });
    await send('POST', '/v1/destinations/customer-api/resume', { reason: 'mended' }, tenantKey);
    const { rows } = await owner.query('SELECT state, probe_at <= clock_timestamp() AS due, hold_until FROM breakers');
    expect(rows).toEqual([{ state: 'open', due: true, hold_until: null }]);
    expect(await told()).toEqual([]);
  });

  it.each([{}, { reason: '' }, { reason: '  ' }, { reason: 'a\nb' }, { reason: 'x'.repeat(201) }, { reason: 5 }])(
    'not without a reason: %j',
    async (order) => {
      expect((await send('POST', '/v1/destinations/customer-api/pause', order, tenantKey)).status).toBe(400);
    },
  );

  it.each(['john.doe@example.com complained', 'call 0160 8912308'])('not with data of a person in the trail: %s', async (reason) => {
    const before = await trail();
    expect(await send('POST', '/v1/destinations/customer-api/pause', { reason }, tenantKey)).toMatchObject({
      status: 400,
      body: { detail: expect.stringContaining('without e-mail addresses and phone numbers') as string },
    });
    expect(await trail()).toEqual(before);
  });

  it('not somebody else’s', async () => {
    expect((await send('POST', '/v1/destinations/customer-api/pause?tenant=other', { reason: 'x' }, tenantKey)).status).toBe(404);
    expect((await owner.query('SELECT FROM breakers')).rowCount).toBe(0);
  });
});

describe('operator events are read', () => {
  const event = (tenant: string | null, type: string, subject: string): Promise<unknown> =>
    owner.query(
      `INSERT INTO operator_events (id, tenant_id, type, subject, detail, next_attempt_at) VALUES ($1, $2, $3, $4, '{"n": 1}', now())`,
      [newId(), tenant, type, subject],
    );
  const subjects = async (path: string, key?: string): Promise<string[]> =>
    ((await read(path, key))['events'] as { subject: string }[]).map(({ subject }) => subject).sort();

  it('by an operator all, by a tenant what concerns it, filtered, in pages', async () => {
    await event('acme', 'breaker.opened', 'acme/customer-api');
    await event('acme', 'source.silent', 'acme/form');
    await event('other', 'breaker.opened', 'other/customer-api');
    await event(null, 'leads.stuck', 'gateway');
    expect(await subjects('/v1/operator-events')).toEqual(['acme/customer-api', 'acme/form', 'gateway', 'other/customer-api']);
    expect(await subjects('/v1/operator-events', tenantKey)).toEqual(['acme/customer-api', 'acme/form']);
    expect(await subjects('/v1/operator-events?tenant=other', tenantKey)).toEqual([]);
    expect(await subjects('/v1/operator-events?type=breaker.opened')).toEqual(['acme/customer-api', 'other/customer-api']);
    expect(await subjects('/v1/operator-events?subject=gateway')).toEqual(['gateway']);
    expect((await reading.get('/v1/operator-events?subject=gateway%00', tenantKey)).status).toBe(400);
    const first = await read('/v1/operator-events?limit=3');
    expect(first['events']).toHaveLength(3);
    const rest = await read(`/v1/operator-events?limit=3&cursor=${first['next_cursor'] as string}`);
    expect(rest).toMatchObject({ events: [{ tenant: expect.anything() }], next_cursor: null });
    expect((await reading.get('/v1/operator-events?type=nothing')).status).toBe(400);
    const { said } = await leadgate(['events', 'list', '--tenant', 'acme', '--json'], { DATABASE_URL: database.url });
    expect((JSON.parse(said) as { events: unknown[] }).events).toHaveLength(2);
    expect((await leadgate(['events', 'list'], { DATABASE_URL: database.url })).said).toMatch(
      /source\.silent +acme\/form +soon +\{"n":1\}/,
    );
  });
});

describe('leadgate destinations', () => {
  const run = (...words: string[]) => leadgate(['destinations', ...words], { DATABASE_URL: database.url });

  it('works on the database alone', async () => {
    await aDelivery('PENDING');
    expect((await run('list')).said).toMatch(/acme\/customer-api +http +working +1/);
    expect(await run('pause', 'acme/customer-api', '--reason', 'the CRM moves')).toMatchObject({
      code: 0,
      said: 'acme/customer-api is paused: paused (by_hand), 1 waiting.\n',
    });
    expect((await run('show', 'acme/customer-api')).said).toMatch(/state +paused \(by_hand\)\n[^]*paused by +cli/);
    expect(JSON.parse((await run('resume', 'acme/customer-api', '--reason', 'it moved', '--json')).said)).toMatchObject({
      changed: true,
      destination: { state: 'working' },
    });
    expect(await run('resume', 'acme/customer-api', '--reason', 'again')).toMatchObject({
      code: 0,
      said: 'acme/customer-api was neither paused nor held.\n',
    });
  });

  it('asks for what it needs', async () => {
    expect(await run('pause', 'acme/customer-api')).toMatchObject({ code: 2, complained: expect.stringContaining('--reason is needed') });
    expect(await run('show', 'customer-api')).toMatchObject({
      code: 2,
      complained: expect.stringContaining('acme/customer-api, other/customer-api'),
    });
    expect(await run('show', 'nowhere')).toMatchObject({ code: 1, complained: expect.stringContaining('leadgate destinations list') });
  });
});
