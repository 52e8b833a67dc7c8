import { createHash } from 'node:crypto';
import { patient } from '../support/gateway-process.js';
import { openDoor, RAW_CRM, aSource, rawCrmSource, WEBHOOK, type Answer, type OpenDoor } from '../support/open-door.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

describe('the same key and body give the same lead', () => {
  let database: TestDatabase;
  let door: OpenDoor;
  /** A second process on the same database. */
  let other: OpenDoor;
  let keys = 0;
  const newKey = (): string => `key-${(keys += 1)}`;
  const strict = aSource({ name: 'strict', path: '/in/strict', idempotency: { ttl_hours: 24, invalid_key: 'refuse' } });
  /** As senders do that come all at once: a machine that is too slow for all of them tells some 503. Nothing was taken, or it is not known in time. */
  const postTo = (to: OpenDoor, body: object, key: string, unavailable = (): void => {}): Promise<Answer> =>
    patient('POST', async () => {
      const answer = await to.post(body, { 'idempotency-key': key });
      if (answer.status === 503) unavailable();
      return answer;
    });
  const leadsOf = async (key: string): Promise<number> => {
    const sql =
      'SELECT count(*)::int AS count FROM leads JOIN inbound_requests i ON i.id = inbound_request_id WHERE i.key_sha256 = sha256($1)';
    return (await door.rows<{ count: number }>(sql, [Buffer.from(key)]))[0]?.count ?? 0;
  };

  beforeAll(async () => {
    database = await createTestDatabase();
    const sources = [aSource(), rawCrmSource(), strict];
    door = await openDoor(database, { sources });
    other = await openDoor(database, { sources });
  });
  afterAll(async () => {
    await Promise.all([door?.close(), other?.close()]);
    await database?.drop();
  });

  it('300 at the same moment, in two processes: one lead and 300 equal bodies', async () => {
    const key = newKey();
    const lead = { email: 'one@example.com' };
    const heard = { unavailable: 0 };
    const answers = await Promise.all(
      Array.from({ length: 300 }, (_, index) => postTo(index % 2 === 0 ? door : other, lead, key, () => (heard.unavailable += 1))),
    );
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
    // A sender whose lead was committed when its time was just over comes again as well, and then all of them read of a lead that was there.
    const firsts = answers.filter(({ headers }) => headers['idempotent-replayed'] === undefined);
    expect(firsts.length).toBeLessThanOrEqual(1);
    if (heard.unavailable === 0) expect(firsts).toHaveLength(1);
    expect(await leadsOf(key)).toBe(1);
    const [stored] = await door.rows('SELECT count(*)::int AS count FROM inbound_requests WHERE key_sha256 = sha256($1)', [
      Buffer.from(key),
    ]);
    expect(stored).toEqual({ count: 1 });
    const leadId = answers[0]?.body['lead_id'];
    expect([...door.doorbell.rung, ...other.doorbell.rung].filter((id) => id === leadId)).toHaveLength(1);
    const [events] = await door.rows('SELECT count(*)::int AS count FROM audit_events WHERE lead_id = $1', [leadId]);
    expect(events).toEqual({ count: 1 });
  });

  it('20 other bodies under a used key: 422 each, and all of them are kept', async () => {
    const key = newKey();
    const first = await door.post({ email: 'first@example.com' }, { 'idempotency-key': key });
    const others = await Promise.all(Array.from({ length: 20 }, (_, index) => postTo(door, { email: `other${index}@example.com` }, key)));
    expect(others.map(({ status, body }) => [status, body['error']])).toEqual(others.map(() => [422, 'idempotency_key_reused']));
    expect(others[0]?.body).toMatchObject({ type: 'urn:leadgate:problem:idempotency_key_reused', status: 422 });
    const kept = await door.rows<{ body_text: string }>(
      `SELECT body_text FROM inbound_requests WHERE key_sha256 = sha256($1) AND verdict = 'idempotency_key_reused' ORDER BY body_text`,
      [Buffer.from(key)],
    );
    expect(kept.map((row) => row.body_text)).toEqual(
      Array.from({ length: 20 }, (_, index) => `{"email":"other${index}@example.com"}`).sort(),
    );
    expect(await leadsOf(key)).toBe(1);
    expect((await door.post({ email: 'first@example.com' }, { 'idempotency-key': key })).text).toBe(first.text);
  });

  it('two bodies at the same moment: one wins, the other is 422, both are kept', async () => {
    for (let round = 0; round < 10; round += 1) {
      const key = newKey();
      const answers = await Promise.all([1, 2].map((n) => door.post({ n }, { 'idempotency-key': key })));
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 422]);
      const stored = await door.rows('SELECT 1 FROM inbound_requests WHERE key_sha256 = sha256($1)', [Buffer.from(key)]);
      expect(stored).toHaveLength(2);
    }
  });

  it('equal JSON in other bytes is the first answer again, and its bytes are kept too', async () => {
    const key = newKey();
    const first = await door.post('{"a":1,"b":{"c":"ü"}}', { 'idempotency-key': key });
    const again = await door.post(' {"b":{"c":"\\u00fc"}, "a":1.0}', { 'idempotency-key': `"${key}"` });
    expect([again.status, again.text, again.headers['idempotent-replayed']]).toEqual([200, first.text, 'true']);
    expect(again.headers['x-correlation-id']).toBe(first.body['correlation_id']);
    const stored = await door.rows('SELECT verdict FROM inbound_requests WHERE key_sha256 = sha256($1) ORDER BY id', [Buffer.from(key)]);
    expect(stored).toEqual([{ verdict: 'accepted' }, { verdict: 'replayed' }]);
  });

  it('what is stored of a repeat in other bytes says what its sender was answered', async () => {
    const key = newKey();
    await door.post('{"email":"a@b.c"}', { 'idempotency-key': key }, RAW_CRM);
    await door.post('{ "email": "a@b.c" }', { 'idempotency-key': key }, RAW_CRM);
    const stored = await door.rows('SELECT status_code FROM inbound_requests WHERE key_sha256 = sha256($1) ORDER BY id', [
      Buffer.from(key),
    ]);
    expect(stored).toEqual([{ status_code: 201 }, { status_code: 409 }]);
  });

  it('on the raw CRM intake a repeat is 409 with the first lead', async () => {
    const key = newKey();
    const first = await door.post({ email: 'a@b.c' }, { 'idempotency-key': key }, RAW_CRM);
    const again = await door.post({ email: 'a@b.c' }, { 'idempotency-key': key }, RAW_CRM);
    expect([first.status, first.body]).toEqual([201, { ok: true, lead_id: first.body['lead_id'], deduplicated: false }]);
    expect([again.status, again.body]).toEqual([409, { ok: true, lead_id: first.body['lead_id'], deduplicated: true }]);
    const reused = await door.post({ email: 'x@b.c' }, { 'idempotency-key': key }, RAW_CRM);
    expect([reused.status, reused.body['ok'], reused.body['error']]).toEqual([422, false, 'idempotency_key_reused']);
  });

  it('a key belongs to its source', async () => {
    const key = newKey();
    const answers = await Promise.all([WEBHOOK, RAW_CRM].map((path) => door.post({ email: 'a@b.c' }, { 'idempotency-key': key }, path)));
    expect(answers.map(({ status }) => status)).toEqual([200, 201]);
    expect(answers[0]?.body['lead_id']).not.toBe(answers[1]?.body['lead_id']);
  });

  it('a refused request takes no key', async () => {
    const key = newKey();
    expect(await door.post('{"a":', { 'idempotency-key': key })).toMatchObject({ status: 400 });
    expect(await door.post('{"a":1}', { 'idempotency-key': key })).toMatchObject({ status: 200 });
  });

  it('an expired key is free again, for one of many', async () => {
    const key = newKey();
    const first = await door.post({ n: 1 }, { 'idempotency-key': key });
    const hash = createHash('sha256').update(key).digest();
    await door.rows(`UPDATE idempotency_records SET expires_at = clock_timestamp() - interval '1 second' WHERE key_sha256 = $1`, [hash]);
    const answers = await Promise.all(Array.from({ length: 20 }, () => postTo(door, { n: 2 }, key)));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(answers[0]?.body['lead_id']).not.toBe(first.body['lead_id']);
    expect(await leadsOf(key)).toBe(2);
    const [record] = await door.rows<{ hours: number }>(
      `SELECT round(extract(epoch FROM expires_at - created_at) / 3600)::int AS hours FROM idempotency_records WHERE key_sha256 = $1`,
      [hash],
    );
    expect(record).toEqual({ hours: 24 });
  });

  it.each([
    ['empty', ''],
    ['with a blank', 'a b'],
    ['256 characters long', 'k'.repeat(256)],
    ['not ASCII', 'sch\u00fcssel'],
  ])('a key that is %s counts as absent on the old routes and is 400 where the source says so', async (_description, key) => {
    const answers = await Promise.all([1, 2].map(() => door.post({ email: 'a@b.c' }, { 'idempotency-key': key })));
    expect(new Set(answers.map((answer) => answer.body['lead_id'])).size).toBe(2);
    const refused = await door.post({ email: 'a@b.c' }, { 'idempotency-key': key }, '/in/strict');
    expect([refused.status, refused.body['type']]).toEqual([400, 'urn:leadgate:problem:invalid_idempotency_key']);
  });

  it('255 characters are a key', async () => {
    const key = 'k'.repeat(255);
    const answers: Answer[] = [];
    for (let round = 0; round < 2; round += 1) answers.push(await door.post({ n: 1 }, { 'idempotency-key': key }, '/in/strict'));
    expect(answers[1]?.text).toBe(answers[0]?.text);
  });

  it('no key stands anywhere in clear', async () => {
    const key = 'CANARY-KEY-4711';
    await door.post({ n: 1 }, { 'idempotency-key': key });
    await door.post('{', { 'idempotency-key': key });
    const hits = await door.rows(
      `SELECT 1 FROM inbound_requests i WHERE i::text LIKE '%' || $1 || '%'
       UNION ALL SELECT 1 FROM idempotency_records r WHERE r::text LIKE '%' || $1 || '%'`,
      [key],
    );
    expect(hits).toEqual([]);
    expect(JSON.stringify(door.visits)).not.toContain(key);
  });
});
