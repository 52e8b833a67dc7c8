import fc from 'fast-check';
import { connect } from 'node:net';
import { readJson, type ReadBody } from '../../libs/ingestion/src/body/read-json.js';
import { aSource, linesOf, openDoor, rawCrmSource, sendTo, WEBHOOK, type Answer, type OpenDoor } from '../support/open-door.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const nested = (levels: number): string => `${'['.repeat(levels)}${']'.repeat(levels)}`;
const MIB = 2 ** 20;

/** Bodies that break parsers, and how each is answered on the webhook. */
const TORTURE: readonly (readonly [description: string, body: string | Buffer, status: number])[] = [
  ['depth 100,000', nested(100_000), 400],
  ['depth 33 inside an object', `{"a":${nested(32)}}`, 400],
  ['depth 32 inside an object', `{"a":${nested(31)}}`, 200],
  ['as many names as fit', `{${Array.from({ length: 70_000 }, (_, n) => `"k${n}":${n}`).join(',')}}`, 200],
  ['a string as long as fits', `{"a":"${'x'.repeat(MIB - 8)}"}`, 200],
  ['a number as long as fits', `{"a":${'9'.repeat(MIB - 6)}}`, 200],
  ['many integers beyond 2^53', `{"a":[${Array(50_000).fill('9007199254740993').join(',')}]}`, 200],
  ['NaN', '{"a":NaN}', 400],
  ['comments', '{"a":1/*x*/}', 400],
  ['trailing junk', '{"a":1}]', 400],
  ['a BOM', '\ufeff{"a":1}', 200],
  ['a BOM and nothing else', '\ufeff', 400],
  ['UTF-16', Buffer.from('\ufeff{"a":1}', 'utf16le'), 400],
  ['invalid UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]), 400],
  ['NUL as a byte', '{"a":"\0"}', 400],
  ['NUL as an escape', '{"a":"\\u0000","\\u0000":1}', 200],
  ['lone surrogates', '{"a":"\\ud800","\\udfff":"\\udc00\\ud800"}', 200],
  ['__proto__', '{"__proto__":{"polluted":true}}', 400],
  ['constructor.prototype', '{"constructor":{"prototype":{"polluted":true}}}', 400],
  ['duplicate names', '{"email":"a","email":"b"}', 200],
  ['2^53 + 1', '{"a":9007199254740993}', 200],
  ['1e400', '{"a":1e400,"b":-1e400,"c":1e-400,"d":1e200000,"e":1e-200000}', 200],
  ['more decimals than a database column takes', `{"a":0.${'1'.repeat(20_000)}}`, 200],
  ['an integer of 200,000 digits', `{"a":${'7'.repeat(200_000)}}`, 200],
  ['nothing but bytes', Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)), 400],
  ['a name of 100,000 characters', `{"${'n'.repeat(100_000)}":1}`, 200],
  ['right-to-left and joined emoji', '{"a":"\u202eabc \ud83d\udc69\u200d\ud83d\udc69\u200d\ud83d\udc67"}', 200],
];

describe('every body that arrives is stored byte for byte', () => {
  let database: TestDatabase;
  let door: OpenDoor;
  const secret = aSource({ name: 'secret', path: '/in/secret', authentication: { kind: 'shared_secret', secret: 'sch\u00fcssel' } });

  beforeAll(async () => {
    database = await createTestDatabase();
    door = await openDoor(database, { sources: [aSource(), rawCrmSource(), secret] });
  });
  afterAll(async () => {
    await door?.close();
    await database?.drop();
  });

  interface Stored {
    readonly verdict: string;
    readonly status_code: number;
    readonly body: Buffer;
    readonly body_bytes: string;
    readonly body_truncated: boolean;
    readonly whole: boolean;
  }
  async function storedFor(answer: Answer): Promise<Stored> {
    const rows = await door.rows<Stored>('SELECT *, body_sha256 = sha256(body) AS whole FROM inbound_requests WHERE correlation_id = $1', [
      answer.headers['x-correlation-id'],
    ]);
    expect(rows).toHaveLength(1);
    return rows[0] as Stored;
  }

  it.each(TORTURE)('%s', async (_description, body, status) => {
    const answer = await door.post(body);
    expect(answer.status).toBe(status);
    const stored = await storedFor(answer);
    expect(stored.body.equals(Buffer.from(body as string))).toBe(true);
    expect(stored).toMatchObject({ status_code: status, body_bytes: `${Buffer.byteLength(body)}`, body_truncated: false, whole: true });
    expect(stored.verdict === 'accepted').toBe(status === 200);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it('what Postgres holds is what was sent, digits and all', async () => {
    const answer = await door.post('{"n":9007199254740993,"e":1e400,"s":"\\u0000","d":1,"d":2,"f":1.50}');
    const [lead] = await door.rows('SELECT payload, flags FROM leads WHERE id = $1', [answer.body['lead_id']]);
    expect(lead).toEqual({
      payload: { n: '9007199254740993', e: '1e400', s: '\ufffd', d: 2, f: 1.5 },
      flags: ['DUPLICATE_KEYS', 'CHARACTERS_REPLACED'],
    });
  });

  it('any JSON at all: never a 5xx, and the payload is what was read', async () => {
    await fc.assert(
      fc.asyncProperty(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue(), { minKeys: 1 }), async (value) => {
        const body = JSON.stringify(value);
        const answer = await door.post(body);
        expect([200, 400]).toContain(answer.status);
        expect((await storedFor(answer)).body.toString()).toBe(body);
        if (answer.status === 400) return;
        const [lead] = await door.rows<{ payload: unknown }>('SELECT payload FROM leads WHERE id = $1', [answer.body['lead_id']]);
        const { payload } = readJson(body, 'flag') as ReadBody;
        // JSON has no -0.
        expect(lead?.payload).toEqual(JSON.parse(JSON.stringify(payload)));
      }),
      { numRuns: 100, interruptAfterTimeLimit: 40_000 },
    );
  });

  it('any bytes at all: never a 5xx', async () => {
    const types = fc.constantFrom('application/json', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=b', 'text/plain');
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), types, async (bytes, type) => {
        const body = Buffer.from(bytes);
        const answer = await door.post(body, { 'content-type': type });
        expect(answer.status).toBeLessThan(500);
        expect((await storedFor(answer)).body.equals(body)).toBe(true);
      }),
      { numRuns: 100, interruptAfterTimeLimit: 40_000 },
    );
  });

  it.each<[description: string, headers: Record<string, string>, path: string, status: number, verdict: string]>([
    ['an unsupported type', { 'content-type': 'text/plain' }, WEBHOOK, 415, 'unsupported_media_type'],
    ['a compressed body', { 'content-encoding': 'gzip' }, WEBHOOK, 415, 'unsupported_encoding'],
    ['another charset', { 'content-type': 'application/json; charset=utf-16' }, WEBHOOK, 415, 'unsupported_charset'],
    ['a missing secret', {}, '/in/secret', 401, 'missing_authentication'],
    ['an empty secret', { 'x-shared-secret': '' }, '/in/secret', 401, 'missing_authentication'],
    ['a wrong secret', { 'x-shared-secret': 'no' }, '/in/secret', 401, 'invalid_authentication'],
    ['a longer secret that begins right', { 'x-shared-secret': 'sch\u00c3\u00bcssel!' }, '/in/secret', 401, 'invalid_authentication'],
    ['a peer behind a proxy on a source that is not open', { 'x-forwarded-for': '203.0.113.7' }, WEBHOOK, 403, 'source_not_open'],
  ])('also with %s', async (_description, headers, path, status, verdict) => {
    const answer = await door.post('{"email":"kept@example.com"}', headers, path);
    expect(answer.status).toBe(status);
    expect(answer.body).toMatchObject({ status, requestId: answer.headers['x-request-id'], errors: [{ code: verdict }] });
    expect(await storedFor(answer)).toMatchObject({ verdict, status_code: status, body: Buffer.from('{"email":"kept@example.com"}') });
  });

  it('takes the right secret, whose bytes are UTF-8', async () => {
    const bytes = Buffer.from('sch\u00fcssel').toString('latin1');
    expect(await door.post('{"a":1}', { 'x-shared-secret': bytes }, '/in/secret')).toMatchObject({ status: 200 });
    const [hit] = await door.rows(`SELECT count(*)::int AS count FROM inbound_requests WHERE headers::text ILIKE '%secret%'`);
    expect(hit).toEqual({ count: 0 });
  });

  it('keeps headers by allow-list, the query, the address and the ids', async () => {
    const correlation = '6f1c1f0e-0f6a-4a39-9b57-3f2f6c1c5e55';
    const answer = await sendTo(door.port, {
      path: `${WEBHOOK}/?utm=a%20b`,
      headers: {
        'content-type': 'application/json',
        'user-agent': 'test/1',
        authorization: 'Bearer x',
        cookie: 'a=b',
        'x-request-id': 'my.request_1-A',
        'x-correlation-id': correlation.toUpperCase(),
        traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
      },
      body: '{"a":1}',
    });
    expect(answer.headers).toMatchObject({ 'x-request-id': 'my.request_1-A', 'x-correlation-id': correlation });
    expect(answer.body['correlation_id']).toBe(correlation);
    const [row] = await door.rows(
      'SELECT headers, query, remote_address, request_id, route FROM inbound_requests WHERE correlation_id = $1',
      [correlation],
    );
    expect(row).toEqual({
      headers: {
        'content-type': 'application/json',
        'content-length': '7',
        'user-agent': 'test/1',
        'x-request-id': 'my.request_1-A',
        'x-correlation-id': correlation.toUpperCase(),
        traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
      },
      query: 'utm=a%20b',
      remote_address: '127.0.0.1',
      request_id: 'my.request_1-A',
      route: WEBHOOK,
    });
  });

  it('makes ids of its own where those sent are none', async () => {
    const answer = await door.post('{"a":1}', { 'x-request-id': 'a b', 'x-correlation-id': '4711' });
    expect(answer.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
    expect(answer.headers['x-correlation-id']).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('stores nothing of other methods and of bodies cut off by the sender', async () => {
    const before = await door.rows('SELECT count(*)::int AS count FROM inbound_requests');
    for (const method of ['GET', 'PUT', 'DELETE', 'OPTIONS']) {
      const answer = await door.send({ method });
      expect([answer.status, answer.headers['allow'], answer.body['error']]).toEqual([405, 'POST', 'Method not allowed']);
    }
    expect(await door.send({ method: 'HEAD' })).toMatchObject({ status: 405, text: '' });
    await new Promise<void>((resolve) => {
      const socket = connect(door.port, '127.0.0.1', () => {
        socket.write(`POST ${WEBHOOK} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"a":1`, () =>
          socket.destroy(),
        );
      });
      socket.on('close', () => resolve());
    });
    // A request on a new connection is answered after the server has seen the broken one.
    expect(await door.send({ method: 'GET' })).toMatchObject({ status: 405 });
    expect(await door.rows('SELECT count(*)::int AS count FROM inbound_requests')).toEqual(before);
  });

  it('says who, what and how in one line, and nothing of the person', async () => {
    door.visits.length = 0;
    const answer = await door.post({ email: 'canary@example.com', phone: '0160 8912308' }, { 'x-request-id': 'line-1' });
    await door.post('{"email":"canary@example.com"', { 'x-request-id': 'line-2' });
    expect(linesOf(door.visits)).toEqual([
      {
        event: 'accept',
        route: WEBHOOK,
        status: 200,
        verdict: 'accepted',
        request_id: 'line-1',
        correlation_id: answer.body['correlation_id'],
        lead_id: answer.body['lead_id'],
        inbound_request_id: expect.any(String),
        bytes: 53,
        duration_ms: expect.any(Number),
      },
      expect.objectContaining({ status: 400, verdict: 'malformed_json', request_id: 'line-2' }),
    ]);
    expect(JSON.stringify(linesOf(door.visits))).not.toMatch(/canary|8912308/);
  });

  it('rings what it stored, unless the bell is full', async () => {
    const rungAt = async (answer: Answer) =>
      (await door.rows('SELECT status, rung_at IS NOT NULL AS rung, ring_gen FROM leads WHERE id = $1', [answer.body['lead_id']]))[0];
    const rung = await door.post('{"a":1}');
    expect(await rungAt(rung)).toEqual({ status: 'RECEIVED', rung: true, ring_gen: 1 });
    expect(door.doorbell.rung).toContain(rung.body['lead_id']);
    door.doorbell.full = true;
    const quiet = await door.post('{"a":1}');
    door.doorbell.full = false;
    expect(await rungAt(quiet)).toEqual({ status: 'RECEIVED', rung: false, ring_gen: 0 });
    expect(door.doorbell.rung).not.toContain(quiet.body['lead_id']);
  });

  it('writes the audit event in the same commit', async () => {
    const answer = await door.post('{"a":1}');
    const events = await door.rows('SELECT type, from_status, to_status, actor, detail FROM audit_events WHERE lead_id = $1', [
      answer.body['lead_id'],
    ]);
    expect(events).toEqual([
      {
        type: 'lead.received',
        from_status: null,
        to_status: 'RECEIVED',
        actor: 'source:demo/webhook',
        detail: { inbound_request_id: expect.stringMatching(/^[0-9a-f-]{36}$/) },
      },
    ]);
  });
});
