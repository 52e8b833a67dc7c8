import type { LeadId } from '#core';
import { Pools } from '#platform';
import { startIngestionApp, type IngestionApp } from '../support/ingestion-app.js';
import type { Answer } from '../support/open-door.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const JSON_TYPE = { 'content-type': 'application/json' };

describe('what was refused can be looked at and let in', () => {
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

  const rows = async <Row extends object>(sql: string, values: unknown[] = []): Promise<Row[]> =>
    (await app.app.get(Pools).work.query<Row>(sql, values)).rows;
  /** A request the door refuses because of who sent it: its body is a good lead. */
  async function refused(body: string, headers: Record<string, string> = {}): Promise<string> {
    const answer = await app.send({ headers: { ...JSON_TYPE, 'x-forwarded-for': '203.0.113.7', ...headers }, body });
    expect(answer.status).toBe(403);
    const [row] = await rows<{ id: string }>('SELECT id FROM inbound_requests WHERE correlation_id = $1', [answer.body['correlation_id']]);
    return row?.id ?? '';
  }
  const release = (id: string, key = 'the-admin-key-of-the-tests'): Promise<Answer> =>
    app.send({ path: `/v1/quarantine/${id}/release`, headers: { authorization: `Bearer ${key}` } });
  const leadsFrom = (id: string) =>
    rows<{ id: LeadId; status: string; payload: object }>('SELECT id, status, payload FROM leads WHERE inbound_request_id = $1', [id]);

  it('asks for the admin key', async () => {
    const id = await refused('{"a":1}');
    for (const path of ['/v1/quarantine', `/v1/quarantine/${id}`]) {
      expect(await app.get(path, null)).toMatchObject({ status: 401 });
      expect(await app.get(path, 'guess')).toMatchObject({ status: 401 });
    }
    expect(await release(id, 'guess')).toMatchObject({ status: 401 });
    expect(await leadsFrom(id)).toEqual([]);
  });

  it('lists newest first, in pages, without a body', async () => {
    const ids: string[] = [];
    for (let n = 0; n < 5; n += 1) ids.unshift(await refused(`{"canary":${n}}`));
    const seen: string[] = [];
    let cursor = '';
    do {
      const { body } = await app.get(`/v1/quarantine?limit=2${cursor}`);
      const page = body as { requests: { id: string }[]; next_cursor: string | null };
      expect(JSON.stringify(page)).not.toContain('canary');
      seen.push(...page.requests.map(({ id }) => id));
      cursor = page.next_cursor === null ? '' : `&cursor=${page.next_cursor}`;
    } while (cursor !== '');
    expect(seen.slice(0, 5)).toEqual(ids);
    expect(new Set(seen).size).toBe(seen.length);
  });

  it('filters by verdict, tenant and whether it was released, and explains a filter it cannot use', async () => {
    await app.send({ headers: JSON_TYPE, body: '{"broken' });
    const verdicts = async (query: string) =>
      new Set(((await app.get(`/v1/quarantine?${query}`)).body['requests'] as { verdict: string }[]).map(({ verdict }) => verdict));
    expect(await verdicts('verdict=malformed_json')).toEqual(new Set(['malformed_json']));
    expect(await verdicts('tenant=demo&verdict=source_not_open')).toEqual(new Set(['source_not_open']));
    expect(await verdicts('tenant=raw-crm')).toEqual(new Set());
    expect(await verdicts('released=true')).toEqual(new Set());
    expect(await app.get('/v1/quarantine?verdict=accepted')).toMatchObject({ status: 400 });
    expect(await app.get('/v1/quarantine?released=maybe')).toMatchObject({ status: 400 });
  });

  it('shows one in full and records who looked', async () => {
    const id = await refused('{"email":"j@example.com"}', { 'user-agent': 'sender/1' });
    const { status, body } = await app.get(`/v1/quarantine/${id}`);
    expect([status, body]).toEqual([
      200,
      expect.objectContaining({
        id,
        verdict: 'source_not_open',
        status_code: 403,
        tenant: 'demo',
        source: 'demo/webhook',
        body_bytes: 25,
        body_truncated: false,
        body_text: '{"email":"j@example.com"}',
        body_base64: Buffer.from('{"email":"j@example.com"}').toString('base64'),
        headers: expect.objectContaining({ 'user-agent': 'sender/1' }),
        released_at: null,
        released_lead_id: null,
      }),
    ]);
    const events = await rows(`SELECT type, actor FROM audit_events WHERE detail->>'inbound_request_id' = $1`, [id]);
    expect(events).toEqual([{ type: 'request.read', actor: 'operator' }]);
  });

  it('an accepted request is not in quarantine, nor is an id that nothing has', async () => {
    const accepted = await app.send({ headers: JSON_TYPE, body: '{"a":1}' });
    const [row] = await rows<{ inbound_request_id: string }>('SELECT inbound_request_id FROM leads WHERE id = $1', [
      accepted.body['lead_id'],
    ]);
    for (const id of [row?.inbound_request_id ?? '', '0192f0c1-7c1e-7a53-9d6b-9f0d0f6f0a11', 'nonsense']) {
      expect(await app.get(`/v1/quarantine/${id}`)).toMatchObject({
        status: 404,
        body: { type: 'urn:leadgate:problem:request_not_found' },
      });
      expect(await release(id)).toMatchObject({ status: 404 });
    }
  });

  it('a released request becomes a lead like any other', async () => {
    const id = await refused('{"email":"j@example.com","address":{"zip":"66123"}}');
    const answer = await release(id);
    const leadId = answer.body['lead_id'] as string;
    const line = { lead_id: leadId, created: true, href: `/v1/leads/${leadId}` };
    expect([answer.status, answer.body]).toEqual([200, { id, status: 'released', ...line, leads: [line] }]);
    expect(await leadsFrom(id)).toEqual([
      { id: leadId, status: 'RECEIVED', payload: { email: 'j@example.com', address: { zip: '66123' } } },
    ]);
    const events = await rows('SELECT type, actor FROM audit_events WHERE lead_id = $1 ORDER BY id', [leadId]);
    expect(events).toEqual([
      { type: 'lead.received', actor: 'source:demo/webhook' },
      { type: 'request.released', actor: 'operator' },
    ]);
    const [row] = await rows(
      'SELECT verdict, released_by, released_at IS NOT NULL AS released, released_lead_id FROM inbound_requests WHERE id = $1',
      [id],
    );
    expect(row).toEqual({ verdict: 'source_not_open', released_by: 'operator', released: true, released_lead_id: leadId });
    const { body } = await app.get('/v1/quarantine?released=true');
    expect((body['requests'] as { id: string }[]).map((one) => one.id)).toContain(id);
  });

  it('a request for an unknown tenant is listed, and a source that does not exist cannot be named for it', async () => {
    const sent = await app.send({ path: '/v1/leads/ingest', headers: JSON_TYPE, body: '{"tenant_id":"nobody","email":"a@example.com"}' });
    expect(sent.status).toBe(404);
    const { body } = await app.get('/v1/quarantine?verdict=unknown_tenant');
    const [listed] = body['requests'] as { id: string; tenant: string | null; source: string | null; status_code: number }[];
    expect(listed).toMatchObject({ tenant: null, source: null, status_code: 404 });
    const id = listed?.id ?? '';
    expect(await app.get(`/v1/quarantine/${id}`)).toMatchObject({ status: 200, body: { tenant: null } });
    const named = (source: string) =>
      app.send({ path: `/v1/quarantine/${id}/release?source=${source}`, headers: { authorization: 'Bearer the-admin-key-of-the-tests' } });
    expect(await release(id)).toMatchObject({ status: 409, body: { type: 'urn:leadgate:problem:source_unknown' } });
    expect(await named('nobody/ingest')).toMatchObject({ status: 409, body: { type: 'urn:leadgate:problem:source_unknown' } });
    const released = await named('t1/ingest');
    expect(released).toMatchObject({ status: 200, body: { created: true } });
    expect(await rows('SELECT tenant_id FROM leads WHERE id = $1', [released.body['lead_id']])).toEqual([{ tenant_id: 't1' }]);
  });

  it('released twice, also at the same moment: the same lead', async () => {
    const id = await refused('{"a":1}');
    const answers = await Promise.all(Array.from({ length: 8 }, () => release(id)));
    expect(new Set(answers.map(({ body }) => body['lead_id'])).size).toBe(1);
    expect(answers.filter(({ body }) => body['created'] === true)).toHaveLength(1);
    expect(await leadsFrom(id)).toHaveLength(1);
  });

  it('a sender who meanwhile sent again under its key is not doubled', async () => {
    const key = { 'idempotency-key': 'sent-again' };
    const id = await refused('{"email":"again@example.com"}', key);
    const sent = await app.send({ headers: { ...JSON_TYPE, ...key }, body: '{"email":"again@example.com"}' });
    const answer = await release(id);
    expect(answer).toMatchObject({ status: 200, body: { lead_id: sent.body['lead_id'], created: false } });
    expect(await leadsFrom(id)).toEqual([]);
    expect(await release(id)).toMatchObject({ status: 200, body: { lead_id: sent.body['lead_id'], created: false } });
  });

  it('nor is one who sends again after the release', async () => {
    const key = { 'idempotency-key': 'sends-later' };
    const id = await refused('{"email":"later@example.com"}', key);
    const answer = await release(id);
    const sent = await app.send({ headers: { ...JSON_TYPE, ...key }, body: '{"email":"later@example.com"}' });
    expect(sent).toMatchObject({ status: 200, headers: { 'idempotent-replayed': 'true' }, body: { lead_id: answer.body['lead_id'] } });
  });

  it('says why it cannot be released: another body took its key', async () => {
    const key = { 'idempotency-key': 'other-body' };
    await app.send({ headers: { ...JSON_TYPE, ...key }, body: '{"n":1}' });
    const reused = await app.send({ headers: { ...JSON_TYPE, ...key }, body: '{"n":2}' });
    const [row] = await rows<{ id: string }>('SELECT id FROM inbound_requests WHERE correlation_id = $1', [reused.body['correlation_id']]);
    expect(await release(row?.id ?? '')).toMatchObject({ status: 409, body: { type: 'urn:leadgate:problem:idempotency_key_reused' } });
  });

  it('says why it cannot be released: the body is still no lead', async () => {
    const answer = await app.send({ headers: JSON_TYPE, body: '{"broken' });
    const [row] = await rows<{ id: string }>('SELECT id FROM inbound_requests WHERE correlation_id = $1', [answer.body['correlation_id']]);
    const id = row?.id ?? '';
    expect(await release(id)).toMatchObject({ status: 422, body: { errors: [{ code: 'malformed_json' }] } });
    expect(await rows('SELECT released_at FROM inbound_requests WHERE id = $1', [id])).toEqual([{ released_at: null }]);
  });

  it('says why it cannot be released: the body was cut', async () => {
    const answer = await app.send({ headers: JSON_TYPE, body: `{"a":"${'x'.repeat(2 ** 20)}"}` });
    expect(answer.status).toBe(413);
    const [row] = await rows<{ id: string; kept: number; body_bytes: string; body_truncated: boolean }>(
      'SELECT id, length(body) AS kept, body_bytes, body_truncated FROM inbound_requests WHERE correlation_id = $1',
      [answer.body['correlation_id']],
    );
    expect(row).toMatchObject({ kept: 4096, body_bytes: `${2 ** 20 + 8}`, body_truncated: true });
    expect(await release(row?.id ?? '')).toMatchObject({ status: 409, body: { type: 'urn:leadgate:problem:body_truncated' } });
  });
});

it('above the daily budget only the size, the hash and 4 KiB are kept', async () => {
  const database = await createTestDatabase();
  const app = await startIngestionApp(database.url, { LEADGATE_QUARANTINE_BYTES_PER_DAY: '20000' });
  try {
    const body = 'x'.repeat(9000);
    for (let n = 0; n < 4; n += 1) expect(await app.send({ headers: JSON_TYPE, body })).toMatchObject({ status: 400 });
    expect(await app.send({ headers: JSON_TYPE, body: '{"a":1}' })).toMatchObject({ status: 200 });
    const { rows } = await app.app.get(Pools).work.query(
      `SELECT length(body) AS kept, body_bytes::int, body_truncated, body_sha256 = sha256($1) AS whole_hash
         FROM inbound_requests WHERE verdict <> 'accepted' ORDER BY id`,
      [Buffer.from(body)],
    );
    const whole = { kept: 9000, body_bytes: 9000, body_truncated: false, whole_hash: true };
    const cut = { ...whole, kept: 4096, body_truncated: true };
    expect(rows).toEqual([whole, whole, cut, cut]);
    const { rows: spent } = await app.app.get(Pools).work.query('SELECT bytes::int FROM quarantine_days');
    expect(spent).toEqual([{ bytes: 2 * 9000 + 2 * 4096 }]);
  } finally {
    await app.close();
    await database.drop();
  }
});
