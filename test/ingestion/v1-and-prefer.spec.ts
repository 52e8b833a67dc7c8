import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import { AcceptedLead, AcceptedLeads } from '#ingestion';
import type { Principal } from '#access';
import { sourceIdOf, type LeadId, type TenantId } from '#core';
import { aSource, openDoor, RAW_CRM, rawCrmSource, WEBHOOK, type Answer, type OpenDoor } from '../support/open-door.js';
import { PlannedVerdicts } from '../support/planned-verdicts.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const V1 = '/v1/leads';
const HOOK = '/in/hook';
const PAGE = '/in/page';
const keyed = aSource({
  name: 'api',
  path: V1,
  answers: 'v1',
  authentication: { kind: 'api_key' },
  idempotency: { ttl_hours: 24, invalid_key: 'refuse' },
});
const hook = aSource({ name: 'hook', path: HOOK, answers: 'acknowledge' });
const webhookIds = aSource({
  name: 'ids',
  path: '/in/ids',
  answers: 'v1',
  idempotency: { ttl_hours: 24, invalid_key: 'refuse', key: 'webhook_id' },
});
const events = aSource({
  name: 'events',
  path: '/in/events',
  answers: 'v1',
  idempotency: { ttl_hours: 24, invalid_key: 'refuse', key: 'body_field', field: 'event.id' },
});
const page = aSource({
  name: 'page',
  kind: 'meta',
  path: PAGE,
  answers: 'v1',
  handshake_token: 'repeat-me',
  authentication: { kind: 'none' },
});
const principal = (tenant: string, name: string): Principal => ({
  scope: 'source',
  keyId: `${tenant}-${name}`,
  tenantId: tenant as TenantId,
  sourceId: sourceIdOf(tenant, name),
});
const bearer = (key: string): Record<string, string> => ({ authorization: `Bearer ${key}` });
const problemsOf = (shape: new () => object, body: object): unknown[] =>
  validateSync(plainToInstance(shape, body), { whitelist: true, forbidNonWhitelisted: true });

describe('our own API and senders that wait', () => {
  let database: TestDatabase;
  let door: OpenDoor;
  const verdicts = new PlannedVerdicts();
  let keysReady = true;

  beforeAll(async () => {
    database = await createTestDatabase();
    door = await openDoor(database, {
      verdicts,
      sources: [aSource(), rawCrmSource(), hook, webhookIds, events, page],
      tenants: { one: [keyed], two: [{ ...keyed, answers: 'acknowledge' }] },
      principals: {
        k1: principal('one', 'api'),
        k2: principal('two', 'api'),
        elsewhere: principal('one', 'other'),
        reader: { scope: 'tenant', keyId: 'r', tenantId: 'one' as TenantId },
        admin: { scope: 'operator', keyId: 'admin' },
      },
      keysReady: () => keysReady,
    });
  });
  beforeEach(() => {
    keysReady = true;
    verdicts.plan = () => ({});
    verdicts.decided.length = 0;
  });
  afterAll(async () => {
    await door?.close();
    await database?.drop();
  });

  const storedFor = async (answer: Answer) =>
    (
      await door.rows('SELECT tenant_id, source_id, verdict, status_code FROM inbound_requests WHERE correlation_id = $1', [
        answer.headers['x-correlation-id'],
      ])
    )[0];
  const leadOf = async (id: unknown) => (await door.rows('SELECT * FROM leads WHERE id = $1', [id]))[0];

  describe('POST /v1/leads', () => {
    it('202 with the lead’s address', async () => {
      const answer = await door.post({ email: 'a@example.com' }, bearer('k1'), V1);
      const id = answer.body['id'] as string;
      expect([answer.status, answer.body]).toEqual([202, { id, status: 'received', href: `/v1/leads/${id}` }]);
      expect(answer.headers).toMatchObject({ location: `/v1/leads/${id}`, 'content-type': 'application/json' });
      expect(problemsOf(AcceptedLead, answer.body)).toEqual([]);
      expect(await leadOf(id)).toMatchObject({ tenant_id: 'one', source_id: 'one/api', claimed_until: null });
      expect(door.doorbell.rung).toContain(id);
    });

    it('the key says whose lead it is, and how it is answered', async () => {
      const answer = await door.post({ email: 'a@example.com' }, bearer('k2'), V1);
      expect([answer.status, answer.body]).toEqual([200, { received: true, leads: [expect.any(String)] }]);
      expect(await leadOf((answer.body['leads'] as string[])[0])).toMatchObject({ tenant_id: 'two', source_id: 'two/api' });
    });

    it.each([
      ['no key', {}, 'missing_authentication'],
      ['an unknown key', bearer('k9'), 'invalid_authentication'],
      ['a key of another source', bearer('elsewhere'), 'invalid_authentication'],
      ['a key that reads', bearer('reader'), 'invalid_authentication'],
      ['the operator’s key', bearer('admin'), 'invalid_authentication'],
      ['no bearer', { authorization: 'Basic azE6' }, 'invalid_authentication'],
    ])('401, kept as nobody’s: %s', async (_description, headers, verdict) => {
      const answer = await door.post({ email: 'a@example.com' }, headers, V1);
      expect([answer.status, answer.body['type']]).toEqual([401, `urn:leadgate:problem:${verdict}`]);
      expect(answer.headers['content-type']).toBe('application/problem+json');
      expect(await storedFor(answer)).toEqual({ tenant_id: null, source_id: null, verdict, status_code: 401 });
    });

    it('a repeated key is the first answer again; another body is 422 and an unusable key 400', async () => {
      const headers = { ...bearer('k1'), 'idempotency-key': 'v1-key' };
      const first = await door.post({ email: 'a@example.com' }, headers, V1);
      const again = await door.post('{ "email": "a@example.com" }', headers, V1);
      expect([again.status, again.text, again.headers['location']]).toEqual([202, first.text, first.headers['location']]);
      expect(again.headers['idempotent-replayed']).toBe('true');
      const other = await door.post({ email: 'b@example.com' }, headers, V1);
      expect([other.status, other.body['type']]).toEqual([422, 'urn:leadgate:problem:idempotency_key_reused']);
      for (const key of ['', 'a b', 'k'.repeat(256)]) {
        const unusable = await door.post({ email: 'a@example.com' }, { ...headers, 'idempotency-key': key }, V1);
        expect([unusable.status, unusable.body['type']]).toEqual([400, 'urn:leadgate:problem:invalid_idempotency_key']);
      }
      const sameKey = await door.post({ email: 'a@example.com' }, { ...bearer('k2'), 'idempotency-key': 'v1-key' }, V1);
      expect((sameKey.body['leads'] as string[])[0]).not.toBe(first.body['id']);
    });

    it('a name that stands twice is 400', async () => {
      const answer = await door.post('{"email":"a","email":"b"}', bearer('k1'), V1);
      expect([answer.status, answer.body['type']]).toEqual([400, 'urn:leadgate:problem:duplicate_keys']);
      expect(await storedFor(answer)).toMatchObject({ tenant_id: 'one', verdict: 'duplicate_keys' });
    });

    it('is not judged before the keys were read once', async () => {
      keysReady = false;
      const answer = await door.post({ email: 'a@example.com' }, bearer('k1'), V1);
      expect([answer.status, answer.headers['retry-after']]).toEqual([503, '2']);
    });

    it('leaves reading to whoever lists leads', async () => {
      expect((await door.send({ method: 'GET', path: V1 })).status).toBe(404);
      expect(await door.send({ method: 'PUT', path: V1 })).toMatchObject({ status: 405, headers: { allow: 'POST' } });
    });
  });

  describe('Prefer: wait', () => {
    const seenAt = new Date('2026-11-20T10:00:00Z');
    const duplicateOf = { leadId: '01935f2a-1234-7890-8123-123456789012' as LeadId, matchedOn: 'phone', seenAt } as const;
    const members = {
      decision: 'DUPLICATE_HINT',
      reason_codes: ['duplicate_confirmed'],
      duplicate_hint: { matched_on: 'phone', lead_id: duplicateOf.leadId, seen_at: seenAt.toISOString() },
      duplicate_check_skipped: false,
      versions: { policy_version: 'v1', ruleset_version: 'v2', config_version: 'v3' },
    };
    beforeEach(() => {
      verdicts.plan = () => ({ decision: 'DUPLICATE_HINT', reasonCodes: ['duplicate_confirmed'], duplicateOf });
    });

    it.each([
      ['webhook', WEBHOOK, {}, 200, { ...members, status: 'accepted', lead_id: expect.any(String), correlation_id: expect.any(String) }],
      ['raw_crm', RAW_CRM, {}, 201, { ...members, ok: true, lead_id: expect.any(String), deduplicated: false, status: 'kept' }],
      ['v1', V1, bearer('k1'), 202, { ...members, id: expect.any(String), href: expect.any(String), status: 'kept' }],
      ['acknowledge', HOOK, {}, 200, { ...members, received: true, leads: [expect.any(String)], status: 'kept' }],
    ])('the answer of %s keeps its members and tells the verdict', async (_style, path, headers, status, body) => {
      const answer = await door.post({ email: 'a@example.com' }, { ...headers, prefer: 'wait=2' }, path);
      expect([answer.status, answer.body]).toEqual([status, body]);
      expect(answer.headers['preference-applied']).toBe('wait=2');
      const [decided] = verdicts.decided;
      expect(await leadOf(decided?.id)).toMatchObject({ rung_at: null, claimed_until: expect.any(Date) });
      expect(verdicts.waitedMs.at(-1)).toBeLessThanOrEqual(2000);
    });

    it('10 s at most', async () => {
      const answer = await door.post({ email: 'a@example.com' }, { prefer: 'respond-async, wait=3600' });
      expect(answer.headers['preference-applied']).toBe('wait=10');
      expect(verdicts.waitedMs.at(-1)).toBeLessThanOrEqual(10_000);
    });

    it('undecided in time: the ordinary answer', async () => {
      verdicts.plan = () => null;
      const answer = await door.post({ email: 'a@example.com' }, { ...bearer('k1'), prefer: 'wait=1' }, V1);
      expect([answer.status, answer.body]).toEqual([202, { id: expect.any(String), status: 'received', href: expect.any(String) }]);
      expect(answer.headers['preference-applied']).toBe('wait=1');
    });

    it('a repeated request reads the same verdict, and is not decided again', async () => {
      const headers = { ...bearer('k1'), prefer: 'wait=1', 'idempotency-key': 'waited' };
      const first = await door.post({ email: 'a@example.com' }, headers, V1);
      const again = await door.post({ email: 'a@example.com' }, headers, V1);
      expect([again.text, again.headers['idempotent-replayed']]).toEqual([first.text, 'true']);
      expect(verdicts.decided).toHaveLength(1);
    });

    it('without the header nobody waits', async () => {
      for (const prefer of ['return=minimal', 'wait=0', 'wait=x']) {
        const answer = await door.post({ email: 'a@example.com' }, { prefer });
        expect(answer.body['decision']).toBeUndefined();
        expect(answer.headers['preference-applied']).toBeUndefined();
      }
      expect(verdicts.decided).toEqual([]);
    });
  });

  describe('where the key of a request is', () => {
    const idOf = async (body: object, headers: Record<string, string>, path: string): Promise<unknown> =>
      (await door.post(body, headers, path)).body['id'];

    it('webhook-id, and nothing else, where the source says so', async () => {
      const first = await idOf({ n: 1 }, { 'webhook-id': 'msg_1', 'idempotency-key': 'x' }, '/in/ids');
      expect(await idOf({ n: 1 }, { 'webhook-id': 'msg_1', 'idempotency-key': 'y' }, '/in/ids')).toBe(first);
      expect(await idOf({ n: 1 }, { 'webhook-id': 'msg_2', 'idempotency-key': 'x' }, '/in/ids')).not.toBe(first);
      expect((await door.post({ n: 2 }, { 'webhook-id': 'msg_1' }, '/in/ids')).status).toBe(422);
      expect((await door.post({ n: 2 }, { 'webhook-id': '' }, '/in/ids')).status).toBe(400);
    });

    it('a member of the body', async () => {
      const first = await idOf({ event: { id: 7 }, n: 1 }, {}, '/in/events');
      expect(await idOf({ n: 1, event: { id: 7 } }, {}, '/in/events')).toBe(first);
      expect(await idOf({ event: { id: '8' }, n: 1 }, {}, '/in/events')).not.toBe(first);
      expect((await door.post({ event: { id: 7 }, n: 2 }, {}, '/in/events')).status).toBe(422);
      expect((await door.post({ event: { id: [] }, n: 2 }, {}, '/in/events')).status).toBe(400);
    });
  });

  describe('a request with several leads, and a handshake', () => {
    const notice = (...ids: string[]): object => ({
      object: 'page',
      entry: [
        {
          id: 'p1',
          time: 1,
          changes: ids.map((leadgen_id) => ({ field: 'leadgen', value: { leadgen_id, form_id: 'f1', page_id: 'p1' } })),
        },
      ],
    });

    it('each lead stands alone, and one that is known is the first again', async () => {
      const one = await door.post(notice('901'), {}, PAGE);
      expect(problemsOf(AcceptedLead, one.body)).toEqual([]);
      const several = await door.post(notice('901', '902', '903'), {}, PAGE);
      const leads = several.body['leads'] as { id: string; item_no: number }[];
      expect(problemsOf(AcceptedLeads, several.body)).toEqual([]);
      expect([several.status, leads.map(({ item_no }) => item_no), several.headers['location']]).toEqual([202, [0, 1, 2], undefined]);
      expect(leads[0]?.id).toBe(one.body['id']);
      expect(several.headers['idempotent-replayed']).toBeUndefined();
      expect(door.visits.at(-1)).toMatchObject({ leads: 3, leadId: one.body['id'] });
      const again = await door.post(notice('901', '902', '903'), {}, PAGE);
      expect([again.text, again.headers['idempotent-replayed']]).toEqual([several.text, 'true']);
    });

    it('the verdict of each, where its sender waits', async () => {
      verdicts.plan = ({ nativeId }) => (nativeId === '912' ? null : { status: 'HELD' });
      const answer = await door.post(notice('911', '912'), { prefer: 'wait=1' }, PAGE);
      const leads = answer.body['leads'] as object[];
      expect(problemsOf(AcceptedLeads, answer.body)).toEqual([]);
      expect(leads[0]).toMatchObject({ status: 'held', decision: 'PASS' });
      expect(leads[1]).toEqual({ id: expect.any(String), item_no: 1, status: 'received', href: expect.any(String) });
    });

    it('nothing in it: 200, and kept', async () => {
      const answer = await door.post({ object: 'page', entry: [] }, {}, PAGE);
      expect([answer.status, answer.body]).toEqual([200, { leads: [] }]);
      expect(await storedFor(answer)).toMatchObject({ tenant_id: 'demo', verdict: 'no_lead', status_code: 200 });
    });

    it('GET is answered where the kind has a handshake, and stored nowhere', async () => {
      const [before] = await door.rows('SELECT count(*)::int AS count FROM inbound_requests');
      const query = 'hub.mode=subscribe&hub.verify_token=repeat-me&hub.challenge=4711';
      const answer = await door.send({ method: 'GET', path: `${PAGE}?${query}` });
      expect([answer.status, answer.text]).toEqual([200, '4711']);
      expect((await door.send({ method: 'GET', path: `${PAGE}?${query.replace('repeat-me', 'guess')}` })).status).toBe(403);
      expect(await door.send({ method: 'PUT', path: PAGE })).toMatchObject({ status: 405, headers: { allow: 'GET, POST' } });
      expect(door.visits.map(({ verdict }) => verdict)).toContain('handshake');
      expect(await door.rows('SELECT count(*)::int AS count FROM inbound_requests')).toEqual([before]);
    });
  });

  it('a limit of the source’s own holds with authentication too, and 0 is none', async () => {
    const secret = { kind: 'shared_secret', secret: 's' } as const;
    const limited = await openDoor(database, {
      rateLimitPerMinute: 1,
      sources: [
        aSource({ name: 'secret', path: '/in/secret', authentication: secret, rate_limit_per_minute: 2 }),
        aSource({ name: 'unlimited', path: '/in/unlimited', rate_limit_per_minute: 0 }),
      ],
    });
    try {
      const statusesAt = async (path: string): Promise<number[]> => {
        const statuses = [];
        for (let n = 0; n < 4; n += 1) statuses.push((await limited.post({ n }, { 'x-shared-secret': 's' }, path)).status);
        return statuses;
      };
      expect(await statusesAt('/in/secret')).toEqual([200, 200, 429, 429]);
      expect(await statusesAt('/in/unlimited')).toEqual([200, 200, 200, 200]);
    } finally {
      await limited.close();
    }
  });
});
