import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { gzipSync } from 'node:zlib';
import { OutboundHttp, OutboundRules, proveOutboundRules } from '#platform';
import { systemHostLookup } from '../../libs/platform/src/http/host-lookup.js';
import { LOOPBACK } from '../support/loopback.js';
import { NameServer } from '../support/name-server.js';
import { answers, ScriptedCrm } from '../support/scripted-crm.js';

/** After which a look-up is given up; a call that waits for none is through long before, also from a process that stands still for a moment. */
const LOOKUP_MS = 9000;
/** A question that is not answered in a third of it is asked again: not because this process stood still. */
const PATIENT_MS = 60_000;
const callTo = (origin: string) => ({ origin, path: '/', headers: {}, body: '{}', timeoutMs: PATIENT_MS, keepConnection: false });

describe('a name that changes its address (DNS rebinding)', () => {
  /** Stands for a public address: the only one that may be called. */
  const PUBLIC = new OutboundRules([{ range: '127.0.0.2/32' }]);
  let names: NameServer;
  let canary: Server;
  let open: Server;
  let port: number;
  let reached = 0;
  let served = 0;

  beforeAll(async () => {
    names = await NameServer.start();
    canary = createServer((socket) => {
      reached += 1;
      socket.destroy();
    }).listen(0, '127.0.0.1');
    await once(canary, 'listening');
    port = (canary.address() as AddressInfo).port;
    open = createServer((socket) => {
      socket.on('error', () => {});
      socket.on('data', () => {
        served += 1;
        socket.end('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
      });
    }).listen(port, '127.0.0.2');
    await once(open, 'listening');
  });
  afterAll(() => {
    canary.close();
    open.close();
    names.close();
  });

  it('reaches nothing inside in 200 tries, and what it may reach every other time', async () => {
    let asked = 0;
    names.answer = () => [asked++ % 2 === 0 ? '127.0.0.2' : '127.0.0.1'];
    const http = new OutboundHttp({
      userAgent: 'leadgate/test',
      rules: PUBLIC,
      lookup: systemHostLookup({ servers: [names.address], timeoutMs: PATIENT_MS }),
    });
    const outcomes: string[] = [];
    for (let n = 0; n < 200; n += 1) {
      const outcome = await http.post(callTo(`http://rebind.example:${port}`));
      outcomes.push(outcome.kind === 'answered' ? 'answered' : outcome.code);
    }
    await http.close();
    expect(reached).toBe(0);
    // One question per connection: there is no second one whose answer could differ from the one that was judged.
    expect(asked).toBe(200);
    expect(outcomes.filter((outcome) => outcome === 'answered')).toHaveLength(100);
    expect(outcomes.filter((outcome) => outcome === 'ADDRESS_NOT_ALLOWED')).toHaveLength(100);
    expect(served).toBe(100);
  });

  it('is not called at all when it has an address inside among others', async () => {
    names.answer = () => ['127.0.0.2', '127.0.0.1'];
    const http = new OutboundHttp({
      userAgent: 'leadgate/test',
      rules: PUBLIC,
      lookup: systemHostLookup({ servers: [names.address], timeoutMs: PATIENT_MS }),
    });
    const before = served;
    expect(await http.post(callTo(`http://both.example:${port}`))).toMatchObject({ kind: 'not_sent', code: 'ADDRESS_NOT_ALLOWED' });
    await http.close();
    expect([reached, served]).toEqual([0, before]);
  });
});

describe('a name server', () => {
  let names: NameServer;
  beforeAll(async () => {
    names = await NameServer.start();
  });
  afterAll(() => names.close());

  it('that never answers holds up its own calls only, and those not for long', async () => {
    names.silentAbout = /^slow/;
    names.answer = () => ['127.0.0.1'];
    const lookup = systemHostLookup({ servers: [names.address], timeoutMs: LOOKUP_MS });
    const http = new OutboundHttp({ userAgent: 'leadgate/test', rules: LOOPBACK, lookup });
    const crm = await ScriptedCrm.start();
    const began = performance.now();
    let ended = 0;
    const slow = Array.from({ length: 40 }, async (_, n) => {
      const outcome = await http.post({ ...callTo(`http://slow-${n}.example:${crm.port}`), timeoutMs: 10 * LOOKUP_MS });
      ended += 1;
      return outcome;
    });
    expect(await http.post(callTo(`http://quick.example:${crm.port}`))).toMatchObject({ kind: 'answered' });
    expect(ended).toBe(0);
    for (const outcome of await Promise.all(slow))
      expect(outcome).toEqual({ kind: 'not_sent', code: 'DNS_TIMEOUT', cause: 'Host name could not be looked up in time' });
    // A few at a time, as in the four threads that Node looks names up in, they would take ten times as long as one.
    expect(performance.now() - began).toBeLessThan(8 * LOOKUP_MS);
    await http.close();
    await crm.close();
  });

  it('is asked once for a name that many connections wait for, and again for later ones', async () => {
    let asked = 0;
    names.answer = () => {
      asked += 1;
      return ['192.0.2.7'];
    };
    const lookup = systemHostLookup({ servers: [names.address], timeoutMs: PATIENT_MS });
    const found = await Promise.all(Array.from({ length: 50 }, () => lookup('crm.example')));
    expect(new Set(found.map((addresses) => JSON.stringify(addresses)))).toEqual(new Set(['[{"address":"192.0.2.7","family":4}]']));
    expect(asked).toBe(1);
    await lookup('crm.example');
    expect(asked).toBe(2);
  });

  it('does not know every name: the machine itself may', async () => {
    names.answer = () => [];
    expect(await systemHostLookup({ servers: [names.address], timeoutMs: PATIENT_MS, hostsFile: '/none' })('localhost')).toContainEqual({
      address: '127.0.0.1',
      family: 4,
    });
    await expect(systemHostLookup({ servers: [names.address], timeoutMs: PATIENT_MS })('no-such-host.invalid')).rejects.toMatchObject({
      code: expect.stringMatching(/^E/),
    });
  });
});

describe('an answer cannot lead further or fill the memory', () => {
  let crm: ScriptedCrm;
  let inside: ScriptedCrm;
  let http: OutboundHttp;
  beforeAll(async () => {
    [crm, inside] = await Promise.all([ScriptedCrm.start(), ScriptedCrm.start()]);
    http = new OutboundHttp({ userAgent: 'leadgate/test', rules: LOOPBACK });
  });
  afterAll(async () => {
    await http.close();
    await Promise.all([crm.close(), inside.close()]);
  });

  it.each([301, 302, 303, 307, 308])('%d is an answer; where it points is not called', async (status) => {
    crm.next(answers.status(status, { headers: { location: inside.url } }));
    const before = crm.requests.length;
    expect(await http.post(callTo(`http://127.0.0.1:${crm.port}`))).toMatchObject({ kind: 'answered', statusCode: status });
    expect(crm.requests).toHaveLength(before + 1);
    expect(inside.requests).toHaveLength(0);
  });

  it('a page of 100 MB packed into 100 KB is not unpacked', async () => {
    const bomb = gzipSync(Buffer.alloc(100 * 1024 * 1024), { level: 9 });
    crm.next((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: ${bomb.length}\r\n\r\n`);
      socket.write(bomb);
    });
    const outcome = await http.post(callTo(`http://127.0.0.1:${crm.port}`));
    expect(outcome).toMatchObject({ kind: 'answered', statusCode: 200, bodyComplete: false });
    expect(outcome.kind === 'answered' && outcome.body).toEqual(bomb.subarray(0, 64 * 1024));
  });

  it('of an answer of 1 GB no more is taken off the wire than buffers hold', async () => {
    let written = 0;
    const chunk = Buffer.alloc(256 * 1024);
    const ended = new Promise<void>((resolve) => {
      crm.next((socket) => {
        socket.once('close', resolve);
        socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${1024 ** 3}\r\n\r\n`);
        const more = (): void => {
          if (socket.destroyed || written >= 1024 ** 3) return;
          written += chunk.length;
          socket.write(chunk, more);
        };
        more();
      });
    });
    const outcome = await http.post(callTo(`http://127.0.0.1:${crm.port}`));
    await ended;
    expect(outcome).toMatchObject({ kind: 'answered', statusCode: 200, bodyComplete: false });
    expect(outcome.kind === 'answered' && outcome.body.length).toBe(64 * 1024);
    expect(written).toBeLessThan(32 * 1024 * 1024);
  });

  it.each<Record<string, string>>([
    { 'x-lead': 'a\r\nx-evil: 1' },
    { 'x-lead': 'a\nx-evil: 1' },
    { 'x-lead': 'a\0b' },
    { 'x-lead\r\nx-evil': 'a' },
    { Host: 'inside.example' },
    { 'Content-Length': '0' },
    { TE: 'trailers' },
    { 'transfer-encoding': 'chunked' },
    { Connection: 'upgrade' },
    { 'proxy-authorization': 'Basic x' },
  ])('a call with the header %j is not made', async (headers) => {
    const before = crm.requests.length;
    const outcome = await http.post({ ...callTo(`http://127.0.0.1:${crm.port}`), headers });
    expect(outcome).toMatchObject({ kind: 'not_sent', code: expect.stringMatching(/^(HEADER_NOT_ALLOWED|UND_ERR_INVALID_ARG)$/) });
    expect(crm.requests).toHaveLength(before);
  });
});

describe('the proof at boot', () => {
  it('passes with the rules as they are', async () => {
    await expect(proveOutboundRules()).resolves.toBeUndefined();
  });

  it('keeps a gateway from starting whose client reaches this machine', async () => {
    const leaky = (): OutboundHttp => new OutboundHttp({ userAgent: 'leadgate/test', rules: OutboundRules.operatorsOwn });
    await expect(proveOutboundRules(leaky)).rejects.toThrow(/It does not start/);
  });
});
