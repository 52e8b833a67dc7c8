import type { JsonObject } from '#core';
import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import { GuardVerdict } from '#ingestion';
import { GUARD_CASES, GUARD_REPEATS, NOT_INITIALISED, PROCESSING_ERROR } from '../fixtures/guard-http.js';
import { GUARD, openDoor, type Answer } from '../support/open-door.js';
import { startIngestionApp, type IngestionApp } from '../support/ingestion-app.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const problemsOf = (body: object): unknown[] =>
  validateSync(plainToInstance(GuardVerdict, body), { whitelist: true, forbidNonWhitelisted: true });
const withoutLatency = ({ body }: Answer): object => ({ ...body, latency_ms: 0 });

describe('the guard’s clients are answered as they were promised', () => {
  let database: TestDatabase;
  let app: IngestionApp;
  const send = (body: JsonObject | string): Promise<Answer> =>
    app.send({
      path: GUARD,
      headers: { 'content-type': 'application/json' },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });

  beforeAll(async () => {
    database = await createTestDatabase();
    app = await startIngestionApp(database.url);
  });
  afterAll(async () => {
    await app?.close();
    await database?.drop();
  });

  it.each(GUARD_CASES)('$id', async ({ body, expect: expected }) => {
    const answer = await send(body);
    expect(answer.status).toBe(expected.status);
    expect(answer.body).toMatchObject(expected.body);
    if (expected.status === 200) {
      expect(answer.body['request_id']).toMatch(UUID);
      expect(answer.headers['x-request-id']).toBe(answer.body['request_id']);
      expect(answer.body['latency_ms']).toEqual(expect.any(Number));
      expect(problemsOf(answer.body)).toEqual([]);
    } else expect(answer.headers['content-type']).toBe('application/problem+json');
  });

  it(`${PROCESSING_ERROR.id}: a body that is no JSON`, async () => {
    const answer = await send(PROCESSING_ERROR.body);
    expect(answer.status).toBe(PROCESSING_ERROR.expect.status);
    expect(answer.body).toMatchObject(PROCESSING_ERROR.expect.body);
  });

  it.each(GUARD_REPEATS)('$id: repeated requests', async ({ steps }) => {
    const answers: Answer[] = [];
    for (const step of steps) {
      const first = 'replayOf' in step ? step.replayOf : null;
      const body = (steps[first ?? answers.length] as { body: JsonObject }).body;
      const answer = await send(body);
      expect(answer.status).toBe(200);
      if (first === null) {
        expect(answer.body['decision']).toBe((step as { expect: string }).expect);
        expect(answers.map((earlier) => earlier.body['request_id'])).not.toContain(answer.body['request_id']);
      } else {
        expect(withoutLatency(answer)).toEqual(withoutLatency(answers[first] as Answer));
        expect(answer.headers['idempotent-replayed']).toBe('true');
      }
      answers.push(answer);
    }
  });

  it(`${NOT_INITIALISED.id}: before any configuration is known`, async () => {
    const door = await openDoor(database, { sources: [] });
    try {
      const answer = await door.post({ tenant_id: 't1' }, {}, GUARD);
      expect([answer.status, answer.body['type']]).toEqual([NOT_INITIALISED.expect.status, NOT_INITIALISED.expect.type]);
      expect(answer.headers['content-type']).toBe('application/problem+json');
      expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    } finally {
      await door.close();
    }
  });
});
