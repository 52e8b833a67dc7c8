import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import fc from 'fast-check';
import { GuardLead } from '#ingestion';
import type { LeadId } from '#core';
import { checkGuardBody } from '../../libs/ingestion/src/sources/guard/check-guard-body.js';
import { expectAhead } from '../support/expect-ahead.js';
import { aSource, GUARD, guardSource, openDoor, type Answer, type OpenDoor } from '../support/open-door.js';
import { PlannedVerdicts } from '../support/planned-verdicts.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const JSON_TYPE = { 'content-type': 'application/json' };
const NO_OBJECT = 'Input should be a valid dictionary or object to extract fields from';
const issue = (type: string, member: string | null, msg: string): object => ({
  type,
  loc: member === null ? ['body'] : ['body', member],
  msg,
});

/** Bodies that are none, and how the guard's clients are told. */
const FAULTY: readonly (readonly [description: string, body: string, detail: readonly object[]])[] = [
  ['nothing', '', [issue('missing', null, 'Field required')]],
  ['null', 'null', [issue('missing', null, 'Field required')]],
  ['a list', '[]', [issue('model_attributes_type', null, NO_OBJECT)]],
  ['a number', '7', [issue('model_attributes_type', null, NO_OBJECT)]],
  ['a text', '"t1"', [issue('model_attributes_type', null, NO_OBJECT)]],
  ['broken JSON', '{"tenant_id":"t1",}', [issue('json_invalid', null, 'JSON decode error')]],
  ['no tenant', '{}', [issue('missing', 'tenant_id', 'Field required')]],
  ['a tenant that is null', '{"tenant_id":null}', [issue('string_type', 'tenant_id', 'Input should be a valid string')]],
  ['a tenant that is a number', '{"tenant_id":1}', [issue('string_type', 'tenant_id', 'Input should be a valid string')]],
  ['an empty tenant', '{"tenant_id":""}', [issue('string_too_short', 'tenant_id', 'String should have at least 1 character')]],
  [
    'everything wrong, in the order of the members',
    '{"extra":[],"company":{},"last_name":[1],"first_name":true,"phone":1.5,"email":7,"source_type":"api","source_id":0,"tenant_id":[]}',
    [
      issue('string_type', 'tenant_id', 'Input should be a valid string'),
      issue('string_type', 'source_id', 'Input should be a valid string'),
      issue('enum', 'source_type', "Input should be 'API', 'WEBHOOK', 'IMPORT' or 'FORM'"),
      ...['email', 'phone', 'first_name', 'last_name', 'company'].map((name) =>
        issue('string_type', name, 'Input should be a valid string'),
      ),
      issue('dict_type', 'extra', 'Input should be a valid dictionary'),
    ],
  ],
];

describe('the guard’s route', () => {
  let database: TestDatabase;
  let door: OpenDoor;
  const verdicts = new PlannedVerdicts();
  const locked = guardSource({ authentication: { kind: 'shared_secret', secret: 'open sesame' } });

  beforeAll(async () => {
    database = await createTestDatabase();
    door = await openDoor(database, {
      verdicts,
      sources: [],
      tenants: { t1: [guardSource()], t2: [guardSource()], locked: [locked] },
    });
  });
  beforeEach(() => {
    verdicts.plan = () => ({});
  });
  afterAll(async () => {
    await door?.close();
    await database?.drop();
  });

  const send = (body: object | string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> => door.post(body, headers, GUARD);
  const storedFor = async (answer: Answer) => {
    const sql = 'SELECT tenant_id, source_id, verdict, status_code, body FROM inbound_requests WHERE correlation_id = $1';
    const rows = await door.rows<{ verdict: string; body: Buffer }>(sql, [answer.headers['x-correlation-id']]);
    expect(rows).toHaveLength(1);
    return rows[0];
  };
  const leadOf = async (answer: Answer) => (await door.rows('SELECT * FROM leads WHERE id = $1', [answer.body['lead_id']]))[0];

  it('answers with the verdict, in both of its old shapes', async () => {
    const earlier = '01935f2a-1234-7890-8123-123456789012' as LeadId;
    verdicts.plan = () => ({
      decision: 'DUPLICATE_HINT',
      reasonCodes: ['duplicate_confirmed', 'index_unavailable', 'WARN_INDEX_UNAVAILABLE'],
      duplicateOf: { leadId: earlier, matchedOn: 'email', seenAt: new Date('2026-11-20T10:00:00Z') },
      status: 'HELD',
    });
    const answer = await send({ tenant_id: 't1', source_id: 's-1', email: 'a@example.com' });
    const versions = { policy_version: 'v1', ruleset_version: 'v2', config_version: 'v3' };
    expect([answer.status, answer.body]).toEqual([
      200,
      {
        request_id: answer.headers['x-request-id'],
        lead_id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7/),
        tenant_id: 't1',
        decision: 'DUPLICATE_HINT',
        reason_codes: ['DUPLICATE_REDIS_CONFIRMED', 'DEGRADED_REDIS_UNAVAILABLE', 'WARN_INDEX_UNAVAILABLE'],
        duplicate_hint: { matched_on: 'email', lead_id: earlier, seen_at: '2026-11-20T10:00:00.000Z' },
        duplicate_check_skipped: false,
        versions,
        ...versions,
        latency_ms: expect.any(Number),
        status: 'held',
      },
    ]);
    expect(answer.headers['preference-applied']).toBeUndefined();
  });

  it('names a request that nobody named by a UUID, and keeps the name it was given', async () => {
    const unnamed = await send({ tenant_id: 't1', email: 'a@example.com' });
    expect(unnamed.body['request_id']).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/);
    const named = await send({ tenant_id: 't1', email: 'a@example.com' }, { 'x-request-id': 'their-own.1' });
    expect(named.body['request_id']).toBe('their-own.1');
  });

  it('the lead is what was sent, and belongs to this process until it is decided', async () => {
    const body = {
      tenant_id: 't1',
      source_id: 's-2',
      source_type: 'FORM',
      email: ' A@Example.com',
      unknown: { kept: true },
      extra: { a: 1 },
    };
    const began = performance.now();
    const answer = await send(body);
    const took = (performance.now() - began) / 1000;
    const lead = (await leadOf(answer)) as Record<string, unknown>;
    expect(lead).toMatchObject({ tenant_id: 't1', source_id: 't1/ingest', payload: body, status: 'RECEIVED', rung_at: null });
    const seconds = ((lead['claimed_until'] as Date).getTime() - (lead['received_at'] as Date).getTime()) / 1000;
    expect(seconds).toBeGreaterThan(9);
    expect(seconds).toBeLessThan(11 + took);
    expect(verdicts.decided.at(-1)).toMatchObject({
      id: answer.body['lead_id'],
      tenantId: 't1',
      sourceId: 't1/ingest',
      payload: body,
      receivedAt: lead['received_at'],
      journeyNo: 1,
      crashCount: 0,
    });
    // What is left of the 5 s in which it is answered.
    expect(verdicts.waitedMs.at(-1)).toBeGreaterThanOrEqual(5000 - took * 1000);
    expect(verdicts.waitedMs.at(-1)).toBeLessThanOrEqual(5000);
  });

  it.each(FAULTY)('422 and kept: %s', async (_description, body, detail) => {
    const answer = await send(body);
    expect([answer.status, answer.body['detail']]).toEqual([422, detail]);
    expect(answer.headers['content-type']).toBe('application/problem+json');
    expect(answer.body).toMatchObject({ title: expect.any(String), status: 422, requestId: answer.headers['x-request-id'] });
    expect(await storedFor(answer)).toMatchObject({ tenant_id: null, source_id: null, status_code: 422, body: Buffer.from(body) });
  });

  it('a fault in a body that names its tenant is that tenant’s', async () => {
    const answer = await send({ tenant_id: 't1', email: 7 });
    expect(answer.status).toBe(422);
    expect(await storedFor(answer)).toMatchObject({ tenant_id: 't1', source_id: 't1/ingest', verdict: 'schema_invalid' });
  });

  it('a tenant that is not here is 404, and the request is kept as nobody’s', async () => {
    for (const tenant_id of ['nobody', 'demo', 't1 ', 'T1', '__proto__', 't1\u0000']) {
      const body = JSON.stringify({ tenant_id, email: 'a@example.com' });
      const answer = await send(body);
      expect([answer.status, answer.body['type']]).toEqual([404, 'urn:leadgate:problem:unknown_tenant']);
      expect(await storedFor(answer)).toMatchObject({
        tenant_id: null,
        verdict: 'unknown_tenant',
        status_code: 404,
        body: Buffer.from(body),
      });
    }
  });

  it('no problem repeats anything of the body', async () => {
    const canary = 'kanarie-4711';
    const bodies = [
      { tenant_id: canary, email: canary },
      { tenant_id: 't1', source_type: canary, email: { [canary]: canary } },
      `{"tenant_id":"${canary}"`,
      `{"tenant_id":"${canary}","tenant_id":"${canary}"}`,
      { tenant_id: 't1', __proto__x: 1, [canary]: 1, phone: [canary] },
    ];
    for (const body of bodies) {
      const answer = await send(body);
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(JSON.stringify([answer.text, answer.headers])).not.toContain(canary);
    }
    expect(JSON.stringify(door.visits)).not.toContain(canary);
  });

  it.each([
    ['a type it does not read', 'text/plain', '{"tenant_id":"t1"}', 415, 'unsupported_media_type'],
    ['names that stand twice', 'application/json', '{"tenant_id":"t1","email":"a","email":"b"}', 422, 'duplicate_keys'],
    ['a name that reaches a prototype', 'application/json', '{"tenant_id":"t1","__proto__":{}}', 422, 'prototype_key'],
    ['what is not UTF-8', 'application/json', '\xff', 422, 'invalid_utf8'],
    ['33 levels', 'application/json', `{"tenant_id":"t1","extra":${'['.repeat(33)}${']'.repeat(33)}}`, 422, 'too_deep'],
  ])('%s', async (_description, type, text, status, verdict) => {
    const body = Buffer.from(text, 'latin1');
    const answer = await door.send({ path: GUARD, headers: { 'content-type': type }, body });
    expect([answer.status, answer.body['type']]).toEqual([status, `urn:leadgate:problem:${verdict}`]);
    expect(await storedFor(answer)).toMatchObject({ verdict, status_code: status, body });
  });

  it('takes forms, and JSON under the type of a form', async () => {
    const type = { 'content-type': 'application/x-www-form-urlencoded' };
    const form = await door.send({ path: GUARD, headers: type, body: 'tenant_id=t1&email=a%40example.com&extra[b]=c' });
    expect((await leadOf(form))?.['payload']).toEqual({ tenant_id: 't1', email: 'a@example.com', extra: { b: 'c' } });
    expect((await door.send({ path: GUARD, headers: type, body: '{"tenant_id":"t1"}' })).status).toBe(200);
  });

  it('a tenant’s own authentication holds on the shared route', async () => {
    const body = { tenant_id: 'locked', email: 7 };
    const without = await send(body);
    expect([without.status, without.body['type']]).toEqual([401, 'urn:leadgate:problem:missing_authentication']);
    expect(await storedFor(without)).toMatchObject({ tenant_id: 'locked', verdict: 'missing_authentication' });
    expect((await send(body, { 'x-shared-secret': 'open sesame' })).status).toBe(422);
    expect((await send({ tenant_id: 'locked' }, { 'x-shared-secret': 'open sesame' })).status).toBe(200);
  });

  it('a stranger learns nothing about which tenants there are', async () => {
    const behind = { 'x-forwarded-for': '203.0.113.7' };
    const closed = await openDoor(database, { verdicts, sources: [], tenants: { t1: [guardSource()], t2: [guardSource()] } });
    try {
      for (const body of [{ tenant_id: 't1' }, { tenant_id: 'nobody' }, {}, '{']) {
        const answer = await closed.post(body, behind, GUARD);
        expect([answer.status, answer.body['type']]).toEqual([403, 'urn:leadgate:problem:source_not_open']);
        expect((await storedFor(answer))?.verdict).toBe('source_not_open');
      }
    } finally {
      await closed.close();
    }
  });

  it('no verdict in time: 503 with Retry-After, the lead is there, and the same request reads the verdict later', async () => {
    verdicts.plan = () => null;
    const body = { tenant_id: 't1', source_id: 'late', email: 'a@example.com' };
    const late = await send(body);
    expect([late.status, late.body['type'], late.headers['retry-after']]).toEqual([503, 'urn:leadgate:problem:undecided', '2']);
    expect(late.headers['content-type']).toBe('application/problem+json');
    expect(door.visits.at(-1)).toMatchObject({ verdict: 'undecided', status: 503, leadId: expect.any(String) });
    const leads = await door.rows(`SELECT status FROM leads WHERE payload->>'source_id' = 'late'`);
    expect(leads).toEqual([{ status: 'RECEIVED' }]);
    expect((await send(body)).status).toBe(503);
    expect(await door.rows(`SELECT 1 FROM leads WHERE payload->>'source_id' = 'late'`)).toHaveLength(1);
  });

  it('the same tenant, source_id and content is the same lead and answer, whatever was decided', async () => {
    for (const decision of ['PASS', 'WARN', 'REJECT', 'DUPLICATE_HINT'] as const) {
      verdicts.plan = () => ({ decision, reasonCodes: [decision] });
      const body = { tenant_id: 't1', source_id: `again-${decision}`, email: 'a@example.com', extra: { x: 1, y: 2 } };
      const first = await send(body, { 'x-request-id': `first-${decision}` });
      const turned = `{ "extra": {"y":2,"x":1.0}, "email":"a\\u0040example.com", "source_id":"again-${decision}", "tenant_id":"t1" }`;
      for (const again of [await send(body), await send(turned)]) {
        expect({ ...again.body, latency_ms: 0 }).toEqual({ ...first.body, latency_ms: 0 });
        expect(again.headers).toMatchObject({
          'idempotent-replayed': 'true',
          'x-correlation-id': first.headers['x-correlation-id'],
        });
      }
      expect(first.headers['idempotent-replayed']).toBeUndefined();
    }
  });

  it('other content under the same source_id is a further lead, linked to the first', async () => {
    const [first, second, third] = [
      await send({ tenant_id: 't1', source_id: 'sub', email: 'a@example.com' }),
      await send({ tenant_id: 't1', source_id: 'sub', email: 'b@example.com' }),
      await send({ tenant_id: 't1', source_id: 'other', email: 'a@example.com' }),
    ];
    expect(new Set([first, second, third].map(({ body }) => body['lead_id'])).size).toBe(3);
    expect((await leadOf(first))?.['resubmission_of']).toBeNull();
    expect((await leadOf(second))?.['resubmission_of']).toBe(first.body['lead_id']);
    expect((await leadOf(third))?.['resubmission_of']).toBeNull();
  });

  it('without a source_id every request is a lead, unless an Idempotency-Key says otherwise', async () => {
    const body = { tenant_id: 't1', email: 'keyless@example.com' };
    const ids = new Set<unknown>();
    const sendings: Record<string, string>[] = [{}, {}, { 'idempotency-key': 'k-1' }, { 'idempotency-key': 'k-1' }];
    for (const headers of sendings) ids.add((await send(body, headers)).body['lead_id']);
    expect(ids.size).toBe(3);
  });

  it('the same source_id and content of two tenants are two leads', async () => {
    const answers = [];
    for (const tenant_id of ['t1', 't2']) answers.push(await send({ tenant_id, source_id: 'shared', email: 'a@example.com' }));
    expect(answers.map(({ body }) => body['tenant_id'])).toEqual(['t1', 't2']);
    const [one, two] = await Promise.all(answers.map(leadOf));
    expect([one?.['tenant_id'], one?.['source_id']]).toEqual(['t1', 't1/ingest']);
    expect([two?.['tenant_id'], two?.['source_id'], two?.['resubmission_of']]).toEqual(['t2', 't2/ingest', null]);
  });

  it('counts per path and address before the body is read, and per source once it is known', async () => {
    const tenants = { t1: [guardSource({ rate_limit_per_minute: 2 })], t2: [guardSource({ rate_limit_per_minute: 5 })] };
    const limited = await openDoor(database, { verdicts, sources: [], tenants });
    try {
      const began = performance.now();
      const statuses: number[] = [];
      for (const tenant_id of ['t1', 't1', 't1', 't2', 't2', 't2']) statuses.push((await limited.post({ tenant_id }, {}, GUARD)).status);
      expect(statuses).toEqual([200, 200, 429, 200, 200, 429]);
      const over = await limited.send({ path: GUARD, headers: JSON_TYPE, body: 'not even JSON' });
      expect([over.status, over.headers['ratelimit-policy']]).toEqual([429, '"address";q=5;w=60']);
      expectAhead(Number(over.headers['retry-after']), 60, began);
      const before = await limited.rows(`SELECT 1 FROM inbound_requests WHERE body_text = 'not even JSON'`);
      expect(before).toEqual([]);
    } finally {
      await limited.close();
    }
  });

  it('takes leads by POST only', async () => {
    for (const method of ['GET', 'PUT', 'DELETE']) {
      const answer = await door.send({ method, path: GUARD });
      expect([answer.status, answer.headers['allow']]).toEqual([405, 'POST']);
    }
  });

  it('reads the same bodies as its documented shape', () => {
    const value = fc.oneof(
      fc.string(),
      fc.constant(null),
      fc.integer(),
      fc.boolean(),
      fc.constantFrom('API', 'api', ''),
      fc.object(),
      fc.array(fc.nat()),
    );
    const members = ['tenant_id', 'source_id', 'source_type', 'email', 'phone', 'first_name', 'last_name', 'company', 'extra', 'more'];
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...members), value), (body) => {
        const documented = validateSync(plainToInstance(GuardLead, body));
        const faulty = checkGuardBody(body as never).map(({ loc }) => loc[1]);
        expect(new Set(faulty)).toEqual(new Set(documented.map(({ property }) => property)));
      }),
      { numRuns: 500 },
    );
  });
});

it('a webhook at another door knows nothing of it', async () => {
  const database = await createTestDatabase();
  const door = await openDoor(database, { sources: [aSource()] });
  try {
    expect((await door.post({ tenant_id: 'demo' }, {}, GUARD)).status).toBe(404);
  } finally {
    await door.close();
    await database.drop();
  }
});
