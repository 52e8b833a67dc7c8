import { createHmac } from 'node:crypto';
import type { DestinationAuthentication, DestinationConfig } from '#core';
import { OutboundHttp } from '#platform';
import { LOOPBACK } from '../../../../../test/support/loopback.js';
import { answers, ScriptedCrm, type Answer } from '../../../../../test/support/scripted-crm.js';
import { DestinationRegistry } from '../../destination-registry.js';
import { aCall, AN_OWNER, CANARY } from '../../testing/destination-under-test.js';
import { keepsItsWord } from '../../testing/keeps-its-word.js';
import { speaksHttp, type HttpDestinationUnderTest } from '../../testing/speaks-http.js';
import { httpDestination } from './http.destination.js';

const JSON_BODY = JSON.stringify({ lead: CANARY });
const FORM_BODY = new URLSearchParams({ 'lead[email]': CANARY.email, 'lead[phone]': CANARY.phone }).toString();
const XML_BODY = `<?xml version="1.0" encoding="UTF-8"?>\n<lead><email>${CANARY.email}</email><phone>${CANARY.phone}</phone></lead>`;

interface Variant {
  readonly description: string;
  readonly config: Partial<DestinationConfig>;
  readonly body?: readonly [payload: string, contentType: string];
  readonly secrets?: readonly string[];
  readonly taken?: Answer;
  readonly readsContent?: boolean;
}

const VARIANTS: readonly Variant[] = [
  {
    description: 'plain JSON with a bearer token',
    config: { authentication: { kind: 'bearer', token: 'geheim-token' } },
    secrets: ['geheim-token'],
  },
  {
    description: 'a form with user and password',
    config: { answers: 'standard', body: 'form', authentication: { kind: 'basic', username: 'user', password: 'geheim-password' } },
    body: [FORM_BODY, 'application/x-www-form-urlencoded'],
    secrets: ['geheim-password', Buffer.from('user:geheim-password').toString('base64')],
  },
  {
    description: 'XML with an API key',
    config: { answers: 'standard', body: 'xml', authentication: { kind: 'api_key', header: 'X-Api-Key', key: 'geheim-api-key' } },
    body: [XML_BODY, 'application/xml; charset=utf-8'],
    secrets: ['geheim-api-key'],
  },
  {
    description: 'OAuth 2 with rules over the content of answers',
    config: {
      answers: 'standard',
      authentication: { kind: 'oauth2_client_credentials', client_id: 'client', client_secret: 'geheim-client-secret' },
      success: [{ path: 'result.state', one_of: ['created', 'updated'] }],
      record_id_path: 'result.id',
    },
    secrets: ['geheim-client-secret', 'geheim-access-token'],
    taken: answers.status(200, { body: '{"result":{"state":"created","id":"crm-1"}}' }),
    readsContent: true,
  },
  {
    description: 'a Standard Webhooks signature',
    config: {
      answers: 'standard',
      effect: 'upsert',
      authentication: { kind: 'standard_webhooks', secret: 'geheim-secret', previous_secret: 'geheim-before' },
    },
    secrets: ['geheim-secret', 'geheim-before'],
  },
];

const TOKEN = answers.status(200, { body: '{"access_token":"geheim-access-token","expires_in":3600}' });

async function start(
  { config, body = [JSON_BODY, 'application/json'], secrets = [], taken }: Variant,
  timeoutSeconds = 30,
): Promise<HttpDestinationUnderTest & { tokens: ScriptedCrm }> {
  const [crm, tokens] = await Promise.all([ScriptedCrm.start(), ScriptedCrm.start()]);
  const http = new OutboundHttp({ userAgent: 'leadgate/test', rules: LOOPBACK });
  if (taken !== undefined) crm.always(taken);
  tokens.always(TOKEN);
  const authentication: DestinationAuthentication = config.authentication ?? { kind: 'none' };
  const complete: DestinationConfig = {
    name: 'crm',
    kind: 'http',
    url: crm.url,
    mapping: 'customer',
    answers: 'plain',
    effect: 'keyed',
    timeout_seconds: timeoutSeconds,
    ...config,
    authentication: authentication.kind === 'oauth2_client_credentials' ? { ...authentication, token_url: tokens.url } : authentication,
  };
  return {
    destination: new DestinationRegistry([httpDestination(http)], [], LOOPBACK).open(complete, AN_OWNER),
    config: complete,
    payload: body[0],
    contentType: body[1],
    secrets,
    crm,
    tokens,
    taken: taken ?? answers.created(),
    received: () => crm.requests.map((request) => ({ key: request.headers['idempotency-key'], body: request.body })),
    stop: async () => {
      await http.close();
      await Promise.allSettled([crm.close(), tokens.close()]);
    },
  };
}

describe.each(VARIANTS)('the HTTP destination: $description', (variant) => {
  keepsItsWord(() => start(variant));
  speaksHttp({ start: (timeoutSeconds) => start(variant, timeoutSeconds), readsContent: variant.readsContent ?? false });
});

describe('the HTTP destination shows who calls', () => {
  const headersSent = async (authentication: DestinationAuthentication): Promise<Readonly<Record<string, string>>> => {
    const one = await start({ description: '', config: { authentication } });
    await one.destination.send(aCall(one));
    await one.stop();
    return one.crm.requests[0]?.headers ?? {};
  };

  it('with nothing', async () => {
    expect(await headersSent({ kind: 'none' })).not.toHaveProperty('authorization');
  });

  it('with user and password in UTF-8 (RFC 7617)', async () => {
    const { authorization = '' } = await headersSent({ kind: 'basic', username: 'jörg', password: 'a:b€' });
    expect(Buffer.from(authorization.replace(/^Basic /, ''), 'base64').toString()).toBe('jörg:a:b€');
  });

  it.each(['X-Api-Key', 'Authorization'])('with a key in %s', async (header) => {
    expect(await headersSent({ kind: 'api_key', header, key: 'Token abc' })).toMatchObject({ [header.toLowerCase()]: 'Token abc' });
  });

  it('with signatures of both secrets over what is sent', async () => {
    const before = Math.floor(Date.now() / 1000);
    const headers = await headersSent({ kind: 'standard_webhooks', secret: 'whsec_bmV3', previous_secret: 'old' });
    const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${JSON_BODY}`;
    const expected = ['new', 'old'].map((key) => `v1,${createHmac('sha256', key).update(signed).digest('base64')}`).join(' ');
    expect(headers['webhook-signature']).toBe(expected);
    expect(headers['webhook-id']).toBe(headers['idempotency-key']);
    expect(Number(headers['webhook-timestamp'])).toBeGreaterThanOrEqual(before);
    expect(Number(headers['webhook-timestamp'])).toBeLessThanOrEqual(Date.now() / 1000);
  });
});

describe('the HTTP destination with OAuth 2', () => {
  const OAUTH = VARIANTS[3] as Variant;
  let one: Awaited<ReturnType<typeof start>>;
  beforeEach(async () => {
    one = await start(OAUTH);
  });
  afterEach(() => one.stop());

  it('asks for one token for many calls', async () => {
    await Promise.all(Array.from({ length: 10 }, () => one.destination.send(aCall(one))));
    expect(one.tokens.requests).toHaveLength(1);
    expect(one.crm.requests.map(({ headers }) => headers['authorization'])).toEqual(Array(10).fill('Bearer geheim-access-token'));
  });

  it('repeats a call once with a new token when its token was refused', async () => {
    one.tokens.next(answers.status(200, { body: '{"access_token":"geheim-old-token"}' }));
    one.crm.next(answers.status(401));
    expect((await one.destination.send(aCall(one))).signal).toMatchObject({ kind: 'answered', successRule: true });
    expect(one.crm.requests.map(({ headers }) => headers['authorization'])).toEqual([
      'Bearer geheim-old-token',
      'Bearer geheim-access-token',
    ]);
    expect(new Set(one.crm.keys).size).toBe(1);
  });

  it('believes a second refusal', async () => {
    one.crm.next(answers.status(401), answers.status(401));
    expect((await one.destination.send(aCall(one))).signal).toMatchObject({ kind: 'answered', statusCode: 401, successRule: false });
    expect(one.crm.requests).toHaveLength(2);
  });

  it.each([
    ['refuses us', answers.status(400, { body: '{"error":"invalid_client"}' }), 'TOKEN_REFUSED'],
    ['hangs', answers.never(), 'CALL_TIMEOUT'],
  ])('sends nothing while the token endpoint %s', async (_description, answer, errorCode) => {
    one.tokens.next(answer);
    expect(await one.destination.send(aCall(one))).toMatchObject({
      signal: { kind: 'not_sent', cause: expect.stringMatching(/^No access token: /) as string },
      errorCode,
    });
    expect(one.crm.requests).toHaveLength(0);
  });

  it('has not sent what was refused when no other token is to be had', async () => {
    one.tokens.next(TOKEN, answers.status(503));
    one.crm.next(answers.status(401));
    expect(await one.destination.send(aCall(one))).toMatchObject({ signal: { kind: 'not_sent' }, errorCode: 'NO_TOKEN' });
    expect(one.crm.requests).toHaveLength(1);
  });
});
