import pg from 'pg';
import { ActiveConfig, type ResolvedConfig } from '#core';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { aDeliveredLead, aLead, aTenant } from './a-lead-story.js';
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

const json = async (path: string): Promise<unknown> => {
  const answer = await reading.get(path);
  expect(answer.status).toBe(200);
  expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
  expect(answer.headers.get('cache-control')).toBe('no-store');
  return answer.json();
};

describe('GET /stats/leads/counts', () => {
  it('has every status and their sum, zero where there is none', async () => {
    await aTenant(owner, 'counted');
    for (const status of ['RECEIVED', 'DELIVERED', 'DELIVERED', 'KEPT', 'PERMANENTLY_FAILED', 'ERASED'])
      await aLead(owner, { tenant: 'counted', status });
    const counts = await json('/stats/leads/counts?tenant=counted');
    expect(counts).toEqual({
      received: 1,
      rejected: 0,
      ready: 0,
      delivered: 2,
      failed: 0,
      permanently_failed: 1,
      held: 0,
      kept: 1,
      total: 5,
    });
    expect(Object.keys(counts as object)).toEqual([
      'received',
      'rejected',
      'ready',
      'delivered',
      'failed',
      'permanently_failed',
      'held',
      'kept',
      'total',
    ]);
    expect(await json('/stats/leads/counts')).toMatchObject({ delivered: 2, total: 5 });
  });
});

describe('GET /stats/leads/recent', () => {
  it('has the newest first and nothing of the person', async () => {
    await aTenant(owner, 'recent');
    const older = await aLead(owner, { tenant: 'recent', receivedAt: '2026-11-01T10:00:00Z' });
    const newer = await aLead(owner, {
      tenant: 'recent',
      receivedAt: '2026-11-02T10:00:00Z',
      status: 'REJECTED',
      rejectionReason: 'ZIP_NOT_66XXX',
    });
    expect(await json('/stats/leads/recent?tenant=recent')).toEqual([
      { id: newer, received_at: '2026-11-02T10:00:00.000Z', status: 'REJECTED', rejection_reason: 'ZIP_NOT_66XXX' },
      { id: older, received_at: '2026-11-01T10:00:00.000Z', status: 'RECEIVED', rejection_reason: null },
    ]);
    expect(await json('/stats/leads/recent?tenant=recent&limit=1')).toHaveLength(1);
  });

  it.each(['0', '501', '-1', 'all', '', '1.5', '1e2', '5&limit=6'])('refuses limit=%s', async (limit) => {
    const answer = await reading.get(`/stats/leads/recent?limit=${limit}`);
    expect(answer.status).toBe(400);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(await answer.json()).toMatchObject({
      type: 'urn:leadgate:problem:invalid_query',
      status: 400,
      errors: [{ pointer: '/limit', code: 'invalid_value', detail: 'limit must be a whole number from 1 to 500' }],
    });
  });

  it('refuses a parameter it does not know, without repeating it', async () => {
    const answer = await reading.get('/stats/leads/recent?limmit=5');
    expect(answer.status).toBe(400);
    const text = await answer.text();
    expect(text).toContain('unknown_parameter');
    expect(text).not.toContain('limmit');
  });
});

describe('one lead', () => {
  const CUSTOMER_PAYLOAD = '{"lead":{"phone":"+491608912308","email":"a@b.de"},"big":12345678901234567890}';
  let id: string;

  beforeAll(async () => {
    await aTenant(owner, 'told');
    const payload = '{"email": " A@b.de ", "order": 12345678901234567890}';
    id = await aDeliveredLead(owner, { tenant: 'told', receivedAt: '2026-11-22T08:00:00Z', payload }, CUSTOMER_PAYLOAD);
  });

  it('tells its history in the members older clients read, in their order', async () => {
    const history = (await json(`/stats/leads/${id}/history`)) as object;
    expect(Object.keys(history)).toEqual([
      'id',
      'received_at',
      'status',
      'rejection_reason',
      'decision',
      'reason_codes',
      'raw_payload',
      'normalized_payload',
      'customer_payload',
      'delivery_attempts',
      'transitions',
      'journey',
    ]);
    expect(history).toMatchObject({
      id,
      status: 'DELIVERED',
      received_at: '2026-11-22T08:00:00.000Z',
      normalized_payload: { email: 'a@b.de' },
      customer_payload: { lead: { phone: '+491608912308' } },
      delivery_attempts: [
        {
          attempt_no: 1,
          attempted_at: '2026-11-22T08:00:01.000Z',
          destination: 'customer-api',
          success: false,
          status_code: 500,
          error_message: 'Server error: 500',
          sent_state: 'answered',
        },
        { attempt_no: 2, success: true, status_code: 201, error_message: null },
      ],
      transitions: [
        { from: null, to: 'RECEIVED', actor: 'source:demo/webhook' },
        { from: 'RECEIVED', to: 'READY', actor: 'pipeline' },
        { from: 'READY', to: 'FAILED', actor: 'delivery', reason: 'HTTP 500' },
        { from: 'FAILED', to: 'DELIVERED', actor: 'delivery', reason: null },
      ],
      journey: {
        outcome: 'continue',
        stages: [{ stage: 'trim' }, { stage: 'map', reasons: [{ code: 'ATTRIBUTE_OMITTED' }], duration_micros: 9 }],
      },
    });
  });

  it('keeps every digit of what came and what was sent', async () => {
    for (const path of [`/stats/leads/${id}/history`, `/v1/leads/${id}`]) {
      const text = await (await reading.get(path)).text();
      expect(text).toContain('"order": 12345678901234567890');
      expect(text).toContain(CUSTOMER_PAYLOAD);
    }
  });

  it('is there in full', async () => {
    expect(await json(`/v1/leads/${id}`)).toMatchObject({
      id,
      tenant: 'told',
      source: 'told/webhook',
      request_id: 'req-1',
      journeys: [{ journey_no: 1, versions: { config_version: 'v3', ruleset_version: 'v2', policy_version: 'v1' } }],
      deliveries: [
        {
          destination: 'customer-api',
          status: 'DELIVERED',
          epoch: 1,
          crm_record_id: 'crm-7',
          next_attempt_at: null,
          waits_for: null,
          omitted_fields: [{ field: 'solar_roof_age' }],
          attempts: [{ attempt_no: 1 }, { attempt_no: 2, outcome: 'delivered' }],
        },
      ],
    });
  });

  it('says what a delivery waits for that has not come to an end, and until when', async () => {
    const { rows } = await owner.query<{ id: string; destination_id: string }>(
      `UPDATE deliveries SET status = 'RETRYING', next_attempt_at = clock_timestamp() - interval '1 s' WHERE lead_id = $1 RETURNING id, destination_id`,
      [id],
    );
    const waitsFor = async (): Promise<unknown> =>
      ((await json(`/v1/leads/${id}`)) as { deliveries: { waits_for: unknown }[] }).deliveries[0]?.waits_for;
    expect(await waitsFor()).toEqual({ what: 'turn', until: null, reason: null });
    await owner.query(
      `INSERT INTO breakers (service_id, tenant_id, state, failures, probe_at) VALUES ($1, 'told', 'open', 5, '2126-01-01T00:00:00Z')`,
      [rows[0]?.destination_id],
    );
    expect(await waitsFor()).toEqual({ what: 'probe', until: '2126-01-01T00:00:00.000Z', reason: null });
    await owner.query(`UPDATE breakers SET paused_at = clock_timestamp(), pause_reason = 'gone'`);
    expect(await waitsFor()).toEqual({ what: 'resume', until: null, reason: 'gone' });
    await owner.query('DELETE FROM breakers');
    await owner.query(`UPDATE deliveries SET status = 'DELIVERED' WHERE id = $1`, [rows[0]?.id]);
  });

  it('links to the record at the destination, by the configuration that is active', async () => {
    const url = async (): Promise<unknown> =>
      ((await json(`/v1/leads/${id}`)) as { deliveries: { record_url: unknown }[] }).deliveries[0]?.record_url;
    expect(await url()).toBeNull();
    const destinations = [{ name: 'customer-api', record_url: 'https://crm.example.com/leads/{record_id}' }];
    const active = jest.spyOn(reading.app.get(ActiveConfig), 'tenant');
    active.mockImplementation((tenant) => ({ config: { tenant, destinations } }) as unknown as ResolvedConfig);
    expect(await url()).toBe('https://crm.example.com/leads/crm-7');
    active.mockRestore();
  });

  it('leaves an event for every time an operator read it', async () => {
    const readings = async (): Promise<unknown[]> =>
      (await owner.query(`SELECT actor, detail FROM audit_events WHERE lead_id = $1 AND type = 'lead.read' ORDER BY id`, [id])).rows;
    const before = (await readings()).length;
    await reading.get(`/v1/leads/${id}`, undefined, { 'x-request-id': 'support-4711' });
    const after = await readings();
    expect(after).toHaveLength(before + 1);
    expect(after.at(-1)).toEqual({ actor: 'operator', detail: { route: '/v1/leads/{id}', requestId: 'support-4711', key_id: 'admin' } });
    expect(JSON.stringify((await json(`/stats/leads/${id}/history`)) as object)).not.toContain('operator');
  });

  it.each(['/stats/leads/0192f0c1-7c1e-7a53-9d6b-9f0d0f6f0a11/history', '/stats/leads/not-an-id/history', '/v1/leads/1', '/v1/leads/%00'])(
    'is not found: %s',
    async (path) => {
      const answer = await reading.get(path);
      expect(answer.status).toBe(404);
      expect(await answer.json()).toMatchObject({ type: 'urn:leadgate:problem:lead_not_found', detail: 'No lead has this id.' });
    },
  );
});

describe('GET /v1/leads', () => {
  interface Page {
    leads: { id: string; status: string }[];
    next_cursor: string | null;
  }
  const page = async (query: string): Promise<Page> => (await json(`/v1/leads?tenant=listed&${query}`)) as Page;
  const ids = async (query: string): Promise<string[]> => (await page(query)).leads.map(({ id }) => id);
  let leads: string[];

  beforeAll(async () => {
    await aTenant(owner, 'listed');
    leads = [];
    for (let day = 1; day <= 7; day += 1) {
      leads.push(
        await aLead(owner, {
          tenant: 'listed',
          receivedAt: `2026-10-0${day}T00:00:00Z`,
          status: day === 2 ? 'HELD' : day % 2 === 0 ? 'DELIVERED' : 'REJECTED',
          holdReason: day === 2 ? 'unknown_outcome' : undefined,
          reasonCodes: day === 3 ? ['NOT_HOMEOWNER', 'ZIP_NOT_66XXX'] : [],
          source: day === 5 ? 'form' : 'webhook',
        }),
      );
    }
  });

  it('pages from the newest to the oldest, each lead once, whatever arrives meanwhile', async () => {
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const { leads: part, next_cursor }: Page = await page(`limit=3${cursor === null ? '' : `&cursor=${cursor}`}`);
      seen.push(...part.map(({ id }) => id));
      cursor = next_cursor;
      if (seen.length === 3) await aLead(owner, { tenant: 'listed', receivedAt: '2026-10-30T00:00:00Z' });
    } while (cursor !== null);
    expect(seen).toEqual([...leads].reverse());
  });

  it('filters by status, source, reason and time', async () => {
    expect(await ids('status=HELD')).toEqual([leads[1]]);
    expect(await ids('status=HELD,DELIVERED&received_to=2026-10-05')).toEqual([leads[3], leads[1]]);
    expect(await ids('status=HELD&status=DELIVERED&received_to=2026-10-05T00:00:00Z')).toEqual([leads[3], leads[1]]);
    expect(await ids('source=listed/form')).toEqual([leads[4]]);
    expect(await ids('reason=ZIP_NOT_66XXX')).toEqual([leads[2]]);
    expect(await ids('reason=unknown_outcome')).toEqual([leads[1]]);
    expect(await ids('received_from=2026-10-03T00:00:00Z&received_to=2026-10-05T02:00:00%2B02:00')).toEqual([leads[3], leads[2]]);
    expect(await ids('reason=nothing')).toEqual([]);
  });

  it.each([
    ['status=OPEN', '/status'],
    ['cursor=5', '/cursor'],
    ['source=webhook', '/source'],
    ['reason=a%20b', '/reason'],
    ['received_from=yesterday', '/received_from'],
    ['received_from=2026-10-01T00:00:00', '/received_from'],
    ['received_to=2026-99-99', '/received_to'],
    ['tenant=A%00', '/tenant'],
  ])('refuses %s', async (query, pointer) => {
    const answer = await reading.get(`/v1/leads?${query}`);
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ errors: [{ pointer }] });
  });

  it('shows nothing of the person', async () => {
    expect(JSON.stringify(await page('limit=500'))).not.toContain('@');
  });
});
