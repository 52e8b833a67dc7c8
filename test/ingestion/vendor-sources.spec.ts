import { createHmac } from 'node:crypto';
import { patient } from '../support/gateway-process.js';
import { aSource, openDoor, type Answer, type OpenDoor } from '../support/open-door.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const APP_SECRET = 'app secret';
const GOOGLE_KEY = 'geheimer-schluessel';
const WHSEC = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const JSON_TYPE = { 'content-type': 'application/json' };

const meta = aSource({
  name: 'facebook',
  kind: 'meta',
  path: '/in/facebook',
  answers: 'acknowledge',
  authentication: { kind: 'hmac_signature', secret: APP_SECRET },
  handshake_token: 'meatyhamhock',
});
const google = aSource({
  name: 'google',
  kind: 'google-ads',
  path: '/in/google',
  answers: 'acknowledge',
  authentication: { kind: 'body_secret', field: 'google_key', secret: GOOGLE_KEY },
});
const typeform = aSource({
  name: 'typeform',
  kind: 'typeform',
  path: '/in/typeform',
  answers: 'acknowledge',
  authentication: { kind: 'hmac_signature', header: 'Typeform-Signature', encoding: 'base64', secret: APP_SECRET },
});
const signed = aSource({
  name: 'signed',
  path: '/in/signed',
  answers: 'acknowledge',
  authentication: { kind: 'standard_webhooks', secret: WHSEC },
  idempotency: { ttl_hours: 24, invalid_key: 'ignore', key: 'webhook_id' },
});

let database: TestDatabase;
let door: OpenDoor;
beforeEach(async () => {
  database = await createTestDatabase();
  door = await openDoor(database, { sources: [meta, google, typeform, signed] });
});
afterEach(async () => {
  await door.close();
  await database.drop();
});

const nativeIds = async (): Promise<string[]> =>
  (await door.rows<{ native_id: string }>('SELECT native_id FROM leads ORDER BY native_id')).map(({ native_id }) => native_id);
const verdicts = async (): Promise<string[]> =>
  (await door.rows<{ verdict: string }>('SELECT verdict FROM inbound_requests ORDER BY id')).map(({ verdict }) => verdict);

describe('Meta Lead Ads', () => {
  const post = (body: string, secret = APP_SECRET): Promise<Answer> => {
    const signature = `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`;
    return door.send({ path: meta.path, headers: { ...JSON_TYPE, 'x-hub-signature-256': signature }, body });
  };
  const webhook = (...ids: string[]): string => {
    const changes = ids.map((id) => `{"field":"leadgen","value":{"leadgen_id":${id},"form_id":"7"}}`);
    return `{"object":"page","entry":[{"id":"1","time":1,"changes":[${changes.join()}]}]}`;
  };

  it('is asked once and answered with the challenge', async () => {
    const query = 'hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=';
    expect(await door.send({ method: 'GET', path: `${meta.path}?${query}meatyhamhock` })).toMatchObject({
      status: 200,
      text: '1158201444',
    });
    expect(await door.send({ method: 'GET', path: `${meta.path}?${query}other` })).toMatchObject({ status: 403 });
    expect(await verdicts()).toEqual([]);
  });

  it('every change is a lead; what comes again in other company is the lead it was', async () => {
    const first = await post(webhook('9223372036854775807', '2', '2'));
    expect(first).toMatchObject({ status: 200, body: { received: true } });
    expect(first.body['leads']).toHaveLength(2);
    const again = await post(webhook('3', '2'));
    expect(again.body['leads']).toEqual([expect.any(String), (first.body['leads'] as string[])[1]]);
    expect(await nativeIds()).toEqual(['2', '3', '9223372036854775807']);
  });

  it('a webhook about something else is answered 200 and kept, one with another signature 401 and kept', async () => {
    expect(await post('{"object":"page","entry":[{"id":"1","changes":[{"field":"feed","value":{}}]}]}')).toMatchObject({ status: 200 });
    expect(await post(webhook('1'), 'another')).toMatchObject({ status: 401 });
    expect(await verdicts()).toEqual(['no_lead', 'invalid_authentication']);
    expect(await nativeIds()).toEqual([]);
  });
});

describe('Google Ads', () => {
  const post = (key: string, more = ''): Promise<Answer> =>
    door.send({
      path: google.path,
      headers: JSON_TYPE,
      body: `{"lead_id":"L-1","user_column_data":[{"column_id":"EMAIL","string_value":"ada@lovelace.org"}],"form_id":9007199254740993,"google_key":"${key}","is_test":true${more}}`,
    });
  const stored = async (): Promise<string> =>
    JSON.stringify(
      await door.rows(`SELECT convert_from(body, 'UTF8') AS sent, to_jsonb(inbound_requests) - 'body' AS request FROM inbound_requests`),
    ) + JSON.stringify(await door.rows('SELECT to_jsonb(leads) AS lead FROM leads'));

  it('stores the lead and the bytes, and not the key', async () => {
    expect(await post(GOOGLE_KEY)).toMatchObject({ status: 200 });
    expect(await post(GOOGLE_KEY)).toMatchObject({ status: 200 });
    expect(await nativeIds()).toEqual(['L-1']);
    const found = await stored();
    expect(found).toContain('ada@lovelace.org');
    expect(found).toContain('"form_id":"9007199254740993"');
    expect(found).toContain('TEST_LEAD');
    expect(found).toContain(`\\"google_key\\":\\"${'*'.repeat(GOOGLE_KEY.length)}\\"`);
    expect(found).not.toContain(GOOGLE_KEY);
  });

  it('stores no wrong key, and none in a body that is broken or too large', async () => {
    expect(await post('falscher-schluessel')).toMatchObject({ status: 401 });
    expect(await post(GOOGLE_KEY, '..')).toMatchObject({ status: 400 });
    expect(await post(GOOGLE_KEY, `,"x":"${'x'.repeat(2 ** 20)}"`)).toMatchObject({ status: 413 });
    expect(await verdicts()).toEqual(['invalid_authentication', 'malformed_json', 'body_too_large']);
    expect(await stored()).not.toMatch(/schluessel/);
  });
});

it('Typeform: a response is a lead, once', async () => {
  const body = JSON.stringify({
    event_type: 'form_response',
    form_response: { token: 'T-1', answers: [{ type: 'email', email: 'ada@lovelace.org', field: { id: 'f', ref: 'email' } }] },
  });
  const signature = `sha256=${createHmac('sha256', APP_SECRET).update(body).digest('base64')}`;
  const post = (): Promise<Answer> => door.send({ path: typeform.path, headers: { ...JSON_TYPE, 'typeform-signature': signature }, body });
  const [first, second] = [await post(), await post()];
  expect(first).toMatchObject({ status: 200 });
  expect(second.body).toEqual(first.body);
  expect(await door.rows('SELECT native_id, payload FROM leads')).toEqual([
    { native_id: 'T-1', payload: { token: 'T-1', email: 'ada@lovelace.org' } },
  ]);
});

it('Standard Webhooks: the same signed request is the same lead, fifty times', async () => {
  const body = '{"email":"ada@lovelace.org"}';
  const timestamp = `${Math.floor(Date.now() / 1000)}`;
  const signature = `v1,${createHmac('sha256', Buffer.from(WHSEC.slice(6), 'base64'))
    .update(`msg_1.${timestamp}.${body}`)
    .digest('base64')}`;
  const headers = { ...JSON_TYPE, 'webhook-id': 'msg_1', 'webhook-timestamp': timestamp, 'webhook-signature': signature };
  const answers = await Promise.all(
    Array.from({ length: 50 }, () => patient('POST', () => door.send({ path: signed.path, headers, body }))),
  );
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  expect(new Set(answers.map(({ body: { leads } }) => JSON.stringify(leads))).size).toBe(1);
  expect(await door.rows('SELECT id FROM leads')).toHaveLength(1);
});
