import { OutboundHttp } from '#platform';
import { LOOPBACK } from '../../../../../test/support/loopback.js';
import { answers, ScriptedCrm, type Answer } from '../../../../../test/support/scripted-crm.js';
import { ClientCredentials } from './client-credentials.js';
import type { NoProof, Proof } from './proof.js';

const SECRET = 'geheim-client-secret';
let endpoint: ScriptedCrm;
let http: OutboundHttp;
let now: number;

beforeEach(async () => {
  endpoint = await ScriptedCrm.start();
  http = new OutboundHttp({ userAgent: 'leadgate/test', rules: LOOPBACK });
  now = 0;
  let given = 0;
  endpoint.always((socket, request) => token(`token-${(given += 1)}`)(socket, request));
});
afterEach(async () => {
  await http.close();
  await endpoint.close();
});

const token = (text: string, expiresIn: unknown = 3600): Answer =>
  answers.status(200, { body: JSON.stringify({ access_token: text, token_type: 'Bearer', expires_in: expiresIn }) });

const credentials = (given: object = {}, timeoutMs = 30_000): ClientCredentials =>
  new ClientCredentials(
    { kind: 'oauth2_client_credentials', token_url: `${endpoint.url}?v=2`, client_id: 'client:1', client_secret: SECRET, ...given },
    http,
    timeoutMs,
    () => now,
  );
const prove = async (one: ClientCredentials, signal = new AbortController().signal): Promise<Proof | NoProof> => one.prove({ signal });
const tokenOf = (proof: Proof | NoProof): string => ('cause' in proof ? proof.cause : (proof.headers['authorization'] ?? ''));

describe('OAuth 2 client credentials', () => {
  it('asks as RFC 6749 says', async () => {
    expect(tokenOf(await prove(credentials({ scope: 'leads.write x', audience: 'https://crm' })))).toBe('Bearer token-1');
    expect(endpoint.requests).toMatchObject([
      {
        method: 'POST',
        path: '/leads?v=2',
        body: 'grant_type=client_credentials&scope=leads.write+x&audience=https%3A%2F%2Fcrm',
        headers: {
          authorization: `Basic ${Buffer.from(`client%3A1:${SECRET}`).toString('base64')}`,
          'content-type': 'application/x-www-form-urlencoded',
        },
      },
    ]);
  });

  it('names itself in the body where that is wanted', async () => {
    await prove(credentials({ client_in: 'body' }));
    expect(endpoint.requests[0]?.body).toBe(`grant_type=client_credentials&client_id=client%3A1&client_secret=${SECRET}`);
    expect(endpoint.requests[0]?.headers).not.toHaveProperty('authorization');
  });

  it('asks once, however many calls wait', async () => {
    const one = credentials();
    const proofs = await Promise.all(Array.from({ length: 50 }, () => prove(one)));
    expect(new Set(proofs.map(tokenOf))).toEqual(new Set(['Bearer token-1']));
    expect(endpoint.requests).toHaveLength(1);
  });

  it.each<[description: string, expiresIn: unknown, freshMs: number]>([
    ['an hour', 3600, 3_570_000],
    ['an hour, as text', '3600', 3_570_000],
    ['a minute', 60, 54_000],
    ['no lifetime', null, 270_000],
    ['a lifetime that is none', 'soon', 270_000],
    ['ten years', 315_360_000, 86_370_000],
  ])('keeps a token of %s until shortly before it expires', async (_description, expiresIn, freshMs) => {
    const one = credentials();
    endpoint.next(token('first', expiresIn));
    await prove(one);
    now = freshMs - 1;
    expect(tokenOf(await prove(one))).toBe('Bearer first');
    now = freshMs;
    expect(tokenOf(await prove(one))).toBe('Bearer token-1');
    expect(endpoint.requests).toHaveLength(2);
  });

  it('replaces a refused token once, however many calls found out', async () => {
    const one = credentials();
    const proofs = await Promise.all([prove(one), prove(one), prove(one)]);
    const renewed = await Promise.all(proofs.map((proof) => ('cause' in proof ? proof : proof.renew?.())));
    expect(renewed.map((proof) => proof && tokenOf(proof))).toEqual(['Bearer token-2', 'Bearer token-2', 'Bearer token-2']);
    const late = proofs[0] as Proof;
    expect(tokenOf((await late.renew?.()) as Proof)).toBe('Bearer token-2');
    expect(endpoint.requests).toHaveLength(2);
  });

  /** A third of it is for the token: 5 s, in which the one after it is answered, too, however slow the machine. */
  const HANGS_MS = 15_000;
  it.each<[description: string, answer: Answer, code: string, cause: string, timeoutMs?: number]>([
    [
      'refuses us',
      answers.status(401, { body: `{"error":"invalid_client","error_description":"${SECRET} is wrong"}` }),
      'TOKEN_REFUSED',
      'No access token: the token endpoint answered 401 (invalid_client)',
    ],
    [
      'repeats what it was sent',
      answers.status(400, { body: `{"error":"${SECRET}"}` }),
      'NO_TOKEN',
      'No access token: the token endpoint answered 400',
    ],
    ['is down', answers.status(503), 'NO_TOKEN', 'No access token: the token endpoint answered 503'],
    ['sends us elsewhere', answers.redirect('http://127.0.0.1:1/'), 'NO_TOKEN', 'No access token: the token endpoint answered 302'],
    ['answers a page', answers.html(200), 'TOKEN_MISSING', 'No access token: the answer of the token endpoint holds none'],
    ['gives none', answers.status(200, { body: '[]' }), 'TOKEN_MISSING', 'No access token: the answer of the token endpoint holds none'],
    ['gives a header', token('a\r\nx-evil: 1'), 'TOKEN_MISSING', 'No access token: the answer of the token endpoint holds none'],
    ['hangs', answers.never(), 'CALL_TIMEOUT', 'No access token: Timeout after 5 s', HANGS_MS],
    ['breaks off', answers.resetBeforeHeaders(), 'ECONNRESET', 'No access token: Connection lost'],
  ])('has no proof when the token endpoint %s, and asks anew next time', async (_description, answer, code, cause, timeoutMs = 30_000) => {
    const one = credentials({}, timeoutMs);
    endpoint.next(answer);
    expect(await prove(one)).toEqual({ code, cause });
    expect(JSON.stringify(await prove(credentials()))).not.toContain(SECRET);
    expect(tokenOf(await prove(one))).toMatch(/^Bearer token-/);
  });

  it('does not keep a process that has to end', async () => {
    endpoint.next(answers.never());
    const stop = new AbortController();
    const proof = prove(credentials(), stop.signal);
    await endpoint.received(1);
    stop.abort();
    expect(await proof).toMatchObject({ code: 'CALL_ABORTED' });
    expect(await prove(credentials(), stop.signal)).toMatchObject({ code: 'CALL_ABORTED' });
  });
});
