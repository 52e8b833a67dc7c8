import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { LOOPBACK } from '../../../../test/support/loopback.js';
import { answers, ScriptedCrm } from '../../../../test/support/scripted-crm.js';
import type { CallOutcome } from './call-in-flight.js';
import { OutboundHttp, type OutboundCall } from './outbound-http.js';

let crm: ScriptedCrm;
let http: OutboundHttp;

beforeEach(async () => {
  crm = await ScriptedCrm.start();
  http = new OutboundHttp({ userAgent: 'leadgate/test', rules: LOOPBACK });
});
afterEach(async () => {
  await http.close();
  await crm.close();
});

/** Of a call that ends by itself, however slow the machine; and of one that never does, whose request goes out and is answered within it. */
const [ENDS, NEVER_ENDS] = [30_000, 5000];

const aCall = (given: Partial<OutboundCall> = {}): OutboundCall => ({
  origin: `http://127.0.0.1:${crm.port}`,
  path: '/leads',
  headers: { 'content-type': 'application/json' },
  body: '{"a":1}',
  timeoutMs: ENDS,
  keepConnection: true,
  ...given,
});
const call = (given: Partial<OutboundCall> = {}): Promise<CallOutcome> => http.post(aCall(given));

describe('what is known after a call', () => {
  it('answered: status, headers and body', async () => {
    crm.next(answers.status(201, { body: '{"id":"7"}', headers: { 'retry-after': '5' } }));
    const outcome = await call();
    expect(outcome).toMatchObject({ kind: 'answered', statusCode: 201, bodyComplete: true, headers: { 'retry-after': '5' } });
    expect(outcome.kind === 'answered' && outcome.body.toString()).toBe('{"id":"7"}');
    expect(crm.requests[0]).toMatchObject({ method: 'POST', path: '/leads', body: '{"a":1}' });
    expect(crm.requests[0]?.headers['user-agent']).toBe('leadgate/test');
  });

  it('answered: a header that came twice is still text', async () => {
    const twice = { 'retry-after': '5', 'Retry-After': '9', vary: 'a', Vary: 'b' };
    crm.next(answers.status(503, { headers: twice }));
    expect(await call()).toMatchObject({ kind: 'answered', statusCode: 503, headers: { 'retry-after': '5', vary: 'a, b' } });
  });

  it('asks for an answer that can be read as it comes', async () => {
    await call();
    expect(crm.requests[0]?.headers['accept-encoding']).toBe('identity');
  });

  it('answered: a GET has no body', async () => {
    crm.next(answers.status(200, { body: '{"id":"7"}' }));
    expect(await http.get(aCall())).toMatchObject({ kind: 'answered', statusCode: 200 });
    expect(crm.requests[0]).toMatchObject({ method: 'GET', path: '/leads', body: '' });
  });

  it('answered: a redirect is an answer and is not followed', async () => {
    crm.next(answers.redirect(crm.url));
    expect(await call()).toMatchObject({ kind: 'answered', statusCode: 302 });
    expect(crm.requests).toHaveLength(1);
  });

  it.each([
    { description: 'reset inside the body', answer: answers.resetInsideBody(201) },
    { description: 'closed inside the body', answer: answers.closeAfterHead(201) },
    { description: 'a body of 100 MB', answer: answers.hugeBody(201, 100 * 1024 * 1024) },
    { description: 'a byte of body now and then, forever', answer: answers.dripBody(201, 30), timeoutMs: NEVER_ENDS },
  ])('answered although the body did not arrive: $description', async ({ answer, timeoutMs = ENDS }) => {
    crm.next(answer);
    const outcome = await call({ timeoutMs });
    expect(outcome).toMatchObject({ kind: 'answered', statusCode: 201, bodyComplete: false });
    expect(outcome.kind === 'answered' && outcome.body.length).toBeLessThanOrEqual(64 * 1024);
  });

  it.each([
    { description: 'never answers', answer: answers.never(), timeoutMs: NEVER_ENDS, code: 'CALL_TIMEOUT', cause: 'Timeout after 5 s' },
    { description: 'a byte of header now and then, forever', answer: answers.dripHeaders(30), timeoutMs: NEVER_ENDS, code: 'CALL_TIMEOUT' },
    { description: 'reset before the headers', answer: answers.resetBeforeHeaders(), code: 'ECONNRESET', cause: 'Connection lost' },
    { description: 'reset inside the headers', answer: answers.resetInsideHeaders() },
    { description: 'headers of 20 KB', answer: answers.hugeHeaders(20_000), code: 'UND_ERR_HEADERS_OVERFLOW' },
    { description: 'an answer that is not HTTP', answer: answers.garbage(), cause: 'Answer is not HTTP' },
  ])('unknown: $description', async ({ answer, timeoutMs = ENDS, code, cause }) => {
    crm.next(answer);
    const outcome = await call({ timeoutMs });
    expect(outcome).toMatchObject({ kind: 'unknown', ...(code && { code }), ...(cause && { cause }) });
    expect(crm.requests).toHaveLength(1);
  });

  it('not sent: nobody listens', async () => {
    const { origin } = aCall();
    await crm.close();
    expect(await call({ origin })).toEqual({
      kind: 'not_sent',
      code: 'ECONNREFUSED',
      cause: 'Connection refused',
    });
    crm = await ScriptedCrm.start();
  });

  it('not sent: the name does not exist', async () => {
    expect(await call({ origin: 'http://crm.invalid' })).toMatchObject({ kind: 'not_sent' });
  });

  it('not sent: plain text where TLS is expected', async () => {
    const talker = createServer((socket) => {
      socket.on('error', () => {});
      // What is never read keeps the connection open, and with it the process.
      socket.resume();
      socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
    });
    talker.listen(0, '127.0.0.1');
    await once(talker, 'listening');
    const outcome = await call({ origin: `https://127.0.0.1:${(talker.address() as AddressInfo).port}` });
    talker.close();
    expect(outcome.kind).toBe('not_sent');
  });

  it('not sent: a header that would write further headers', async () => {
    expect(await call({ headers: { authorization: 'Bearer x\r\nx-evil: 1' } })).toMatchObject({
      kind: 'not_sent',
      code: 'UND_ERR_INVALID_ARG',
    });
    expect(crm.requests).toHaveLength(0);
  });

  it('not sent: no connection came free in time', async () => {
    await http.close();
    http = new OutboundHttp({ userAgent: 'leadgate/test', rules: LOOPBACK, connectionsPerOrigin: 1 });
    crm.always(answers.never());
    const stop = new AbortController();
    const first = call({ signal: stop.signal });
    await crm.received(1);
    expect(await call({ timeoutMs: 500 })).toMatchObject({ kind: 'not_sent', code: 'CALL_TIMEOUT' });
    stop.abort();
    expect((await first).kind).toBe('unknown');
    expect(crm.requests).toHaveLength(1);
  });
});

describe('breaking off', () => {
  it('before anything was sent: not sent', async () => {
    expect(await call({ signal: AbortSignal.abort() })).toMatchObject({ kind: 'not_sent', code: 'CALL_ABORTED' });
    expect(crm.requests).toHaveLength(0);
  });

  it('while the answer is awaited: unknown', async () => {
    crm.next(answers.never());
    const stop = new AbortController();
    const outcome = call({ signal: stop.signal });
    await crm.received(1);
    stop.abort();
    expect(await outcome).toMatchObject({ kind: 'unknown', code: 'CALL_ABORTED', cause: 'Broken off at shutdown' });
  });
});

describe('connections', () => {
  it('are kept', async () => {
    for (let n = 0; n < 20; n += 1) await call();
    expect(new Set(crm.requests.map(({ connectionNo }) => connectionNo)).size).toBeLessThanOrEqual(2);
  });

  it('are not kept where that was asked for', async () => {
    for (let n = 0; n < 3; n += 1) await call({ keepConnection: false });
    expect(new Set(crm.requests.map(({ connectionNo }) => connectionNo)).size).toBe(3);
  });

  it('closed by the other side between two calls cost nothing', async () => {
    crm.always(answers.createdThenClosed());
    for (let n = 0; n < 20; n += 1) expect((await call()).kind).toBe('answered');
    expect(crm.requests).toHaveLength(20);
  });
});
