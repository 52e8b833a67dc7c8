import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import { RawCrmStored, WebhookAccepted } from '#ingestion';
import { ProcessLeads } from '#pipeline';
import type { LeadId } from '#core';
import { CONCURRENT_REPEATS, DATABASE_DOWN, HEALTH, RAW_CRM_CASES, REPEATS } from '../fixtures/raw-crm-http.js';
import { COUNTS_OF_NOTHING, INVALID_ZIP, QUEUE_AWAY, RECENT, WEBHOOK_CASES, WITHOUT_SECRET } from '../fixtures/webhook-http.js';
import { startIngestionApp, type IngestionApp } from '../support/ingestion-app.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const JSON_TYPE = { 'content-type': 'application/json' };
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const problemsOf = (shape: new () => object, body: object): unknown[] =>
  validateSync(plainToInstance(shape, body), { whitelist: true, forbidNonWhitelisted: true });

describe('old clients are answered as before', () => {
  let database: TestDatabase;
  let app: IngestionApp;

  beforeAll(async () => {
    database = await createTestDatabase();
    app = await startIngestionApp(database.url);
  });
  afterAll(async () => {
    await app?.close();
    await database?.drop();
  });

  it(`${COUNTS_OF_NOTHING.id}: counts of nothing`, async () => {
    const { status, body } = await app.get('/stats/leads/counts');
    expect([status, body]).toEqual([200, expect.objectContaining(COUNTS_OF_NOTHING.expect)]);
  });

  it.each(WEBHOOK_CASES)('$id: the webhook', async ({ contentType, body, expect: expected }) => {
    for (const path of ['/webhooks/leads', '/webhooks/leads/']) {
      const answer = await app.send({ path, headers: { 'content-type': contentType }, body });
      expect(answer.status).toBe(expected.status);
      expect(answer.headers['content-type']).toBe('application/json');
      expect(answer.body['correlation_id']).toMatch(UUID);
      expect(answer.headers['x-correlation-id']).toBe(answer.body['correlation_id']);
      if (expected.error !== undefined) expect(answer.body['error']).toBe(expected.error);
    }
  });

  it(`${QUEUE_AWAY.id}: without a queue the lead is taken and waits in Postgres`, async () => {
    const answer = await app.send({ headers: JSON_TYPE, body: JSON.stringify(QUEUE_AWAY.lead) });
    expect(answer.status).toBe(QUEUE_AWAY.expect.status);
    expect(problemsOf(WebhookAccepted, answer.body)).toEqual([]);
    const { body } = await app.get(`/stats/leads/${answer.body['lead_id'] as string}/history`);
    expect(body).toMatchObject({ status: 'RECEIVED', raw_payload: QUEUE_AWAY.lead });
  });

  it(`${INVALID_ZIP.id}: a lead outside the tenant's rules is accepted, rejected and sent to nobody`, async () => {
    const answer = await app.send({ headers: JSON_TYPE, body: JSON.stringify(INVALID_ZIP.lead) });
    expect(answer.status).toBe(INVALID_ZIP.expect.status);
    const leadId = answer.body['lead_id'] as LeadId;
    await app.app.get(ProcessLeads, { strict: false }).run([leadId]);
    const { body } = await app.get(`/stats/leads/${leadId}/history`);
    expect(body['status']).toBe(INVALID_ZIP.expect.finalStatus);
    expect(body['delivery_attempts']).toHaveLength(INVALID_ZIP.expect.attempts);
  });

  it.each(RAW_CRM_CASES)('$id: the raw CRM intake', async ({ body, expect: expected }) => {
    const answer = await app.send({ path: '/api/lead', headers: JSON_TYPE, body });
    expect(answer.status).toBe(expected.status);
    expect(answer.headers['content-type']).toBe('application/json');
    if (expected.body !== undefined) expect(answer.body).toMatchObject(expected.body);
    if (expected.status === 201) expect(problemsOf(RawCrmStored, answer.body)).toEqual([]);
  });

  it.each(REPEATS)('$id: repeated requests of the raw CRM intake', async ({ key, bodies, expect: statuses, leads }) => {
    const headers = key === null ? JSON_TYPE : { ...JSON_TYPE, 'idempotency-key': key };
    const ids = new Set<unknown>();
    for (const [index, body] of bodies.entries()) {
      const answer = await app.send({ path: '/api/lead', headers, body });
      expect(answer.status).toBe(statuses[index]);
      expect(answer.body).toMatchObject({ ok: true, deduplicated: answer.status === 409 });
      ids.add(answer.body['lead_id']);
    }
    expect(ids.size).toBe(leads);
  });

  it(`${CONCURRENT_REPEATS.id}: at the same moment`, async () => {
    const { key, body, count, expect: expected } = CONCURRENT_REPEATS;
    const sending = { path: '/api/lead', headers: { ...JSON_TYPE, 'idempotency-key': key }, body };
    const answers = await Promise.all(Array.from({ length: count }, () => app.send(sending)));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(expected.created);
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(expected.repeated);
    expect(new Set(answers.map((answer) => answer.body['lead_id'])).size).toBe(1);
  });

  it(`${RECENT.id}: recent leads`, async () => {
    const { body } = await app.get('/stats/leads/recent');
    const recent = body as unknown as Record<string, unknown>[];
    expect(recent.length).toBeLessThanOrEqual(RECENT.usualLimit);
    expect(Object.keys(recent[0] ?? {})).toEqual(RECENT.members);
    expect(recent.map(({ status }) => status)).toContain(RECENT.status);
  });

  it(`${HEALTH.id}: health`, async () => {
    const { status, body } = await app.get('/health', null);
    expect([status, body]).toEqual([200, expect.objectContaining(HEALTH.members)]);
    expect(new Date(body['timestamp'] as string).getTime()).toBeGreaterThan(0);
  });
});

it(`${WITHOUT_SECRET.id}: a webhook with a shared secret asks for it`, async () => {
  const database = await createTestDatabase();
  const app = await startIngestionApp(database.url, { WEBHOOK_SHARED_SECRET: 's3cret' });
  try {
    const body = JSON.stringify(WITHOUT_SECRET.lead);
    const without = await app.send({ headers: JSON_TYPE, body });
    expect([without.status, without.body['error']]).toEqual([WITHOUT_SECRET.expect.status, WITHOUT_SECRET.expect.error]);
    const wrong = await app.send({ headers: { ...JSON_TYPE, 'x-shared-secret': 'guess' }, body });
    expect([wrong.status, wrong.body['error']]).toEqual([401, 'invalid authentication credentials']);
    expect(await app.send({ headers: { ...JSON_TYPE, 'x-shared-secret': 's3cret' }, body })).toMatchObject({ status: 200 });
  } finally {
    await app.close();
    await database.drop();
  }
});

it(`${DATABASE_DOWN.id}: without Postgres the sender is told to try again`, async () => {
  const app = await startIngestionApp('postgresql://leadgate_app:x@127.0.0.1:1/none');
  try {
    const answer = await app.sendOnce({ path: '/api/lead', headers: JSON_TYPE, body: '{"email":"a@b.c"}' });
    expect(answer.status).toBe(DATABASE_DOWN.expect.status);
    expect(answer.body).toMatchObject(DATABASE_DOWN.expect.body);
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
  } finally {
    await app.close();
  }
});
