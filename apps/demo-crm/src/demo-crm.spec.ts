import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DemoCrmStartError, startDemoCrm, type DemoCrm } from './demo-crm.js';
import { FAULT_MODES, NO_FAULT, type FaultMode } from './fault-modes.js';

const LEAD = JSON.stringify({
  lead: {
    phone: '+491608912308',
    email: 'john.doe@example.com',
    first_name: 'John',
    last_name: 'Doe',
    postcode: '66123',
    city: 'Saarbrücken',
    country: 'de',
  },
  product: { name: 'Solaranlagen' },
  lead_attributes: { solar_offer_type: 'Kaufen' },
  meta_attributes: { unique_id: '0190b5e0-0000-7000-8000-000000000001' },
});

interface RequestEntry {
  at: string;
  method: string;
  path: string;
  headers: Record<string, string>;
  body: unknown;
  status: number | null;
  key: string | null;
  repeat: boolean;
  bodySha256: string;
}
interface LeadEntry {
  id: string;
  key: string | null;
  body: unknown;
  requests: number;
}

describe('the demo CRM', () => {
  let folder: string;
  let crm: DemoCrm;
  let logged: object[];

  const start = (): Promise<DemoCrm> =>
    startDemoCrm({ port: 0, host: '127.0.0.1', dataFile: join(folder, 'demo-crm.ndjson'), log: (entry) => logged.push(entry) });
  const ask = (path: string, init?: RequestInit): Promise<Response> => fetch(`${crm.url}${path}`, init);
  const read = async <T>(path: string): Promise<T> => (await ask(path)).json() as Promise<T>;
  const requests = (): Promise<RequestEntry[]> => read('/_requests');
  const leads = (): Promise<LeadEntry[]> => read('/_leads');
  const send = (
    key?: string,
    given: { path?: string; body?: string; headers?: Record<string, string>; signal?: AbortSignal } = {},
  ): Promise<Response> =>
    ask(given.path ?? '/leads', {
      method: 'POST',
      headers: {
        authorization: 'Bearer demo-token',
        'content-type': 'application/json',
        ...(key !== undefined && { 'idempotency-key': key }),
        ...given.headers,
      },
      body: given.body ?? LEAD,
      ...(given.signal && { signal: given.signal }),
    });
  const setMode = async (plan: object): Promise<void> => {
    expect((await ask('/_mode', { method: 'POST', body: JSON.stringify(plan) })).status).toBe(200);
  };
  /** Asks until the CRM has seen so many lead requests. */
  const seen = async (count: number): Promise<void> => {
    while ((await read<{ requests: number }>('/health')).requests < count);
  };

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'demo-crm-'));
    logged = [];
    crm = await start();
  });
  afterEach(async () => {
    await crm.close();
    rmSync(folder, { recursive: true });
  });

  describe('as the customer’s API', () => {
    it.each(['/leads', '/leads/', '/lead/receive/', '/lead/receive/fake/123/', '/leads?source=x'])('takes a lead at %s', async (path) => {
      const response = await send(undefined, { path });
      expect(response.status).toBe(201);
      expect(await response.json()).toEqual({ id: expect.stringMatching(/./), lead_token: expect.stringMatching(/^[0-9a-f]{32}$/) });
      expect(await requests()).toMatchObject([
        { method: 'POST', path, status: 201, key: null, repeat: false, body: JSON.parse(LEAD) as object },
      ]);
    });

    it('takes the flat form', async () => {
      expect((await send(undefined, { body: '{"phone":"0160","product":{"name":"Solaranlagen"}}' })).status).toBe(201);
    });

    it.each([
      { description: 'no token', given: { headers: { authorization: '' } }, status: 401, error: 'unauthorized' },
      { description: 'a wrong token', given: { headers: { authorization: 'Bearer x' } }, status: 401, error: 'unauthorized' },
      { description: 'broken JSON', given: { body: '{"lead":' }, status: 400, error: 'malformed_json' },
      { description: 'no phone', given: { body: '{"product":{"name":"Solaranlagen"}}' }, status: 422, error: 'invalid_lead' },
      { description: 'another product', given: { body: '{"phone":"1","product":{"name":"makler"}}' }, status: 422, error: 'invalid_lead' },
      { description: 'a body over 1 MiB', given: { body: 'x'.repeat(1024 * 1024 + 1) }, status: 413, error: 'too_large' },
    ])('refuses $description with $status, and keeps the request', async ({ given, status, error }) => {
      const response = await send('k', given);
      expect(response.status).toBe(status);
      expect(await response.json()).toMatchObject({ error, message: expect.stringMatching(/\.$/) });
      expect(await requests()).toMatchObject([{ status, key: 'k', repeat: false }]);
      expect(await leads()).toEqual([]);
    });

    it('takes a body of exactly 1 MiB', async () => {
      const frame = '{"phone":"1","product":{"name":"Solaranlagen"},"x":""}';
      expect((await send(undefined, { body: frame.replace('""', `"${'x'.repeat(1024 * 1024 - frame.length)}"`) })).status).toBe(201);
    });

    it.each(['GET', 'HEAD', 'PUT', 'DELETE'])('answers %s with 405', async (method) => {
      await setMode({ mode: '500', times: 1 });
      const response = await ask('/leads', { method });
      expect(response.status).toBe(405);
      expect(response.headers.get('allow')).toBe('POST');
      expect(await requests()).toMatchObject([{ method, status: 405, body: null }]);
      expect(await read('/_mode')).toMatchObject({ mode: '500', times: 1 });
    });

    it.each(['/nothing', '/lead', '/lead/receiver', '/leadsx'])('answers %s with 404', async (path) => {
      expect((await ask(path)).status).toBe(404);
      expect(await requests()).toEqual([]);
    });

    it('keeps headers, time and the digest of the exact bytes', async () => {
      const body = LEAD.replace('{', '{ ');
      await send('k', { body, headers: { 'x-attempt': '1' } });
      const [entry] = await requests();
      expect(entry?.headers).toMatchObject({ 'x-attempt': '1', authorization: 'Bearer demo-token' });
      expect(entry?.bodySha256).toBe(createHash('sha256').update(body).digest('hex'));
      expect(new Date(entry?.at ?? '').toISOString()).toBe(entry?.at);
    });

    it('leaves no trace of a body that was cut off', async () => {
      const { port } = new URL(crm.url);
      await new Promise<void>((resolve) => {
        const socket = connect(Number(port), '127.0.0.1', () => {
          socket.write('POST /leads HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n{"a"', () => socket.destroy());
        });
        socket.on('close', () => resolve());
      });
      expect((await send()).status).toBe(201);
      expect(await requests()).toHaveLength(1);
      expect(logged).toEqual([]);
    });
  });

  describe('with an idempotency key', () => {
    it('answers the same key, quoted or bare, with the first lead', async () => {
      const answers = [await send('k-1'), await send('"k-1"'), await send('k-2')];
      expect(answers.map(({ status }) => status)).toEqual([201, 201, 201]);
      expect(answers.map(({ headers }) => headers.get('idempotent-replayed'))).toEqual([null, 'true', null]);
      const [first, again, other] = await Promise.all(answers.map((answer) => answer.json() as Promise<{ id: string }>));
      expect(again).toEqual(first);
      expect(other?.id).not.toBe(first?.id);
      expect((await requests()).map(({ key, repeat }) => [key, repeat])).toEqual([
        ['k-1', false],
        ['k-1', true],
        ['k-2', false],
      ]);
      expect((await leads()).map(({ key, requests: count }) => [key, count])).toEqual([
        ['k-1', 2],
        ['k-2', 1],
      ]);
    });

    it('makes one lead of 100 equal requests at once', async () => {
      const answers = await Promise.all(Array.from({ length: 100 }, () => send('k')));
      const ids = new Set(await Promise.all(answers.map(async (answer) => ((await answer.json()) as { id: string }).id)));
      expect(ids.size).toBe(1);
      expect(await leads()).toMatchObject([{ key: 'k', requests: 100 }]);
      expect((await requests()).filter(({ repeat }) => !repeat)).toHaveLength(1);
    });

    it('makes a lead of every request without a key', async () => {
      await send();
      await send('');
      expect(await leads()).toHaveLength(2);
    });
  });

  describe('in a fault mode', () => {
    it.each([
      { mode: '500', status: 500 },
      { mode: '503', status: 503 },
      { mode: '429', status: 429 },
      { mode: '400', status: 400 },
      { mode: '401', status: 401 },
      { mode: 'html', status: 200 },
    ])('$mode answers $status without taking the lead, as often as asked', async ({ mode, status }) => {
      await setMode({ mode, times: 2 });
      const statuses = [await send('k'), await send('k'), await send('k')].map((response) => response.status);
      expect(statuses).toEqual([status, status, 201]);
      expect((await requests()).map((entry) => [entry.status, entry.repeat])).toEqual([
        [status, false],
        [status, false],
        [201, false],
      ]);
      expect(await leads()).toMatchObject([{ key: 'k', requests: 3 }]);
    });

    it.each(['500', '503', '429'])('%s sends Retry-After when asked to', async (mode) => {
      await setMode({ mode, retryAfter: 7 });
      expect((await send()).headers.get('retry-after')).toBe('7');
      await setMode({ mode });
      expect((await send()).headers.get('retry-after')).toBeNull();
    });

    it('html looks like a page', async () => {
      await setMode({ mode: 'html' });
      const response = await send();
      expect(response.headers.get('content-type')).toContain('text/html');
      expect(await response.text()).toContain('<!doctype html>');
    });

    it('timeout takes the lead and never answers', async () => {
      await setMode({ mode: 'timeout', times: 1 });
      const givesUp = new AbortController();
      const lost = send('k', { signal: givesUp.signal });
      const ended = expect(lost).rejects.toThrow('abort');
      await seen(1);
      expect(await leads()).toMatchObject([{ key: 'k', requests: 1 }]);
      givesUp.abort();
      await ended;
      expect((await send('k')).headers.get('idempotent-replayed')).toBe('true');
      expect((await requests()).map(({ status, repeat }) => [status, repeat])).toEqual([
        [null, false],
        [201, true],
      ]);
    });

    it('reset takes the lead and resets the connection', async () => {
      await setMode({ mode: 'reset', times: 1 });
      await expect(send('k')).rejects.toMatchObject({ cause: { code: 'ECONNRESET' } });
      expect((await send('k')).status).toBe(201);
      expect((await requests()).map(({ status, repeat }) => [status, repeat])).toEqual([
        [null, false],
        [201, true],
      ]);
      expect(await leads()).toHaveLength(1);
    });

    it('slow takes the lead and answers after the delay', async () => {
      await setMode({ mode: 'slow', ms: 30, times: 1 });
      const before = performance.now();
      expect((await send('k')).status).toBe(201);
      expect(performance.now() - before).toBeGreaterThanOrEqual(29);
      expect(await leads()).toHaveLength(1);
    });

    it.each<FaultMode>(['timeout', 'reset', 'slow'])('%s does not take what the API refuses', async (mode) => {
      await setMode({ mode, ms: 1, times: 1 });
      const givesUp = new AbortController();
      const asked = send('k', { body: '{}', signal: givesUp.signal }).then(
        ({ status }) => status,
        () => null,
      );
      await seen(1);
      expect(await leads()).toEqual([]);
      if (mode === 'timeout') givesUp.abort();
      expect(await asked).toBe(mode === 'slow' ? 422 : null);
    });

    it('lists the modes when it does not know one', async () => {
      const response = await ask('/_mode', { method: 'POST', body: '{"mode":"teapot"}' });
      expect(response.status).toBe(422);
      expect(await response.json()).toMatchObject({ error: 'invalid_mode', modes: FAULT_MODES });
    });

    it('shows the mode in force', async () => {
      expect(await read('/_mode')).toEqual(NO_FAULT);
      await setMode({ mode: '503', times: 3, retryAfter: 1 });
      await send();
      expect(await read('/_mode')).toEqual({ ...NO_FAULT, mode: '503', times: 2, retryAfter: 1 });
    });

    it('may be in one for a single path', async () => {
      await setMode({ mode: '500', path: '/lead/receive/sick' });
      expect([(await send()).status, (await send(undefined, { path: '/lead/receive/sick?x=1' })).status]).toEqual([201, 500]);
      expect(await read('/_mode')).toEqual({ ...NO_FAULT, paths: { '/lead/receive/sick': { ...NO_FAULT, mode: '500' } } });
    });

    it.each<{ mode: FaultMode; status: number; body: unknown }>([
      { mode: 'refused', status: 200, body: { success: false, error: expect.any(String) } },
      { mode: 'partial', status: 207, body: { results: [{ index: 0, success: false, error: expect.any(String) }] } },
      { mode: 'exists_other', status: 409, body: expect.objectContaining({ error: 'already_exists', external_id: 'of-another-lead' }) },
      { mode: 'empty', status: 200, body: '' },
      { mode: 'not_json', status: 200, body: '{"id":"' },
    ])('$mode answers $status and does not take the lead', async ({ mode, status, body }) => {
      await setMode({ mode, times: 1 });
      const response = await send('k');
      const text = await response.text();
      expect([response.status, typeof body === 'string' ? text : (JSON.parse(text) as unknown)]).toEqual([status, body]);
      expect(await leads()).toEqual([]);
    });

    it('exists says which record and external id it has, and has the lead', async () => {
      await setMode({ mode: 'exists', times: 1 });
      const response = await send('k');
      const [lead] = await leads();
      expect(response.status).toBe(409);
      expect(await response.json()).toMatchObject({ id: lead?.id, external_id: '0190b5e0-0000-7000-8000-000000000001' });
    });

    it('flap answers every second request well', async () => {
      await setMode({ mode: 'flap' });
      const statuses: number[] = [];
      for (let n = 0; n < 4; n += 1) statuses.push((await send(`k${n}`)).status);
      expect(statuses).toEqual([500, 201, 500, 201]);
      expect(await leads()).toHaveLength(2);
    });

    it.each<{ mode: FaultMode; location: string }>([
      { mode: '301', location: 'http://169.254.169.254/latest/meta-data/' },
      { mode: '307', location: 'http://169.254.169.254/latest/meta-data/' },
      { mode: 'loop', location: '/leads' },
    ])('$mode points to $location', async ({ mode, location }) => {
      await setMode({ mode });
      const response = await ask('/leads', { method: 'POST', body: LEAD, redirect: 'manual' });
      expect([response.status, response.headers.get('location')]).toEqual([mode === 'loop' ? 302 : Number(mode), location]);
    });

    it.each<{ mode: FaultMode; code: string }>([
      { mode: 'hangup', code: 'UND_ERR_SOCKET' },
      { mode: 'garbage', code: 'HPE_INVALID_CONSTANT' },
      { mode: 'big_header', code: 'UND_ERR_HEADERS_OVERFLOW' },
    ])('$mode takes the lead, and its sender cannot know ($code)', async ({ mode, code }) => {
      await setMode({ mode, times: 1 });
      await expect(send('k')).rejects.toMatchObject({ cause: { code } });
      expect((await send('k')).headers.get('idempotent-replayed')).toBe('true');
    });

    it.each<FaultMode>(['drip', 'broken', 'huge', 'gzip_bomb'])(
      '%s takes the lead and says so, but its answer cannot be read',
      async (mode) => {
        await setMode({ mode, ms: 5, times: 1 });
        const givesUp = new AbortController();
        const response = await send('k', { signal: givesUp.signal });
        expect(response.status).toBe(201);
        const reader = (response.body as ReadableStream<Uint8Array>).getReader();
        let bytes = 0;
        const read = async (): Promise<void> => {
          for (let piece = await reader.read(); !piece.done && bytes < 2_000_000; piece = await reader.read()) {
            bytes += piece.value.length;
            if (mode === 'drip' && bytes >= 3) return;
          }
        };
        if (mode === 'broken') await expect(read()).rejects.toThrow('terminated');
        else await read();
        expect(bytes).toBeGreaterThanOrEqual(mode === 'drip' ? 3 : mode === 'broken' ? 1 : 2_000_000);
        givesUp.abort();
        expect(await leads()).toMatchObject([{ key: 'k', requests: 1 }]);
      },
    );
  });

  it('forgets leads, requests and mode on reset', async () => {
    await send('k');
    await setMode({ mode: '500' });
    expect((await ask('/_reset', { method: 'POST' })).status).toBe(200);
    expect([await requests(), await leads()]).toEqual([[], []]);
    const again = await send('k');
    expect(again.status).toBe(201);
    expect(again.headers.get('idempotent-replayed')).toBeNull();
  });

  it('knows everything again after a restart, but no mode', async () => {
    const first = (await (await send('k')).json()) as object;
    await send('k');
    await setMode({ mode: '500' });
    const before = [await requests(), await leads()];
    await crm.close();
    crm = await start();
    expect([await requests(), await leads()]).toEqual(before);
    expect(await (await send('k')).json()).toEqual(first);
  });

  it('says how it is', async () => {
    await send('k');
    await send('k');
    expect(await read('/health')).toEqual({
      ok: true,
      service: 'demo-crm',
      pid: process.pid,
      mode: 'ok',
      requests: 2,
      repeats: 1,
      leads: 1,
    });
  });

  it.each(['/_reset', '/_requests', '/_mode', '/'])('refuses DELETE %s', async (path) => {
    expect((await ask(path, { method: 'DELETE' })).status).toBe(405);
  });

  it('shows arrived leads to people, with nothing a lead contains taken for markup', async () => {
    expect(await (await ask('/')).text()).toContain('No lead has arrived yet');
    const hostile = { lead: { phone: '"><script>x</script>', last_name: '<img src=x>' }, product: { name: 'Solaranlagen' }, '</pre>': "'" };
    await send('</summary>', { body: JSON.stringify(hostile) });
    const response = await ask('/');
    const page = await response.text();
    expect(page).toContain('data-mode="gzip_bomb"');
    expect(page).toContain('&lt;img src=x&gt;');
    expect(page).not.toMatch(/<img|<script>x|<\/pre>&|<\/summary>"/);
    expect(response.headers.get('content-security-policy')).toMatch(/default-src 'none'.*script-src 'sha256-/);
  });

  it('shows a lead that is nested too deep to be written out', async () => {
    const deep = `{"phone":"1","product":{"name":"Solaranlagen"},"x":${'['.repeat(1e5)}${']'.repeat(1e5)}}`;
    expect((await send(undefined, { body: deep })).status).toBe(201);
    expect(await (await ask('/')).text()).toContain('Nested too deep');
  });

  it('closes although a sender is kept waiting', async () => {
    await setMode({ mode: 'timeout' });
    const waiting = expect(send('k')).rejects.toThrow('fetch failed');
    await seen(1);
    await crm.close();
    await waiting;
    crm = await start();
    expect(await leads()).toHaveLength(1);
  });

  it('names the taken port and leaves the file alone', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const dataFile = join(folder, 'other.ndjson');
    await expect(startDemoCrm({ port, host: '127.0.0.1', dataFile, log: (entry) => logged.push(entry) })).rejects.toThrow(
      new DemoCrmStartError(
        `Port ${port} on 127.0.0.1 is taken, so the demo CRM cannot start: stop the program that holds it, or set DEMO_CRM_PORT to a free port.`,
      ),
    );
    expect(existsSync(dataFile)).toBe(false);
    server.close();
  });

  it('frees its port when the file cannot be opened', async () => {
    const failed = startDemoCrm({ port: 0, host: '127.0.0.1', dataFile: folder, log: (entry) => logged.push(entry) });
    await expect(failed).rejects.toThrow(DemoCrmStartError);
  });

  it('logs nothing of a lead', async () => {
    await send('canary-key', { body: LEAD });
    await send('canary-key', { body: '{"phone":"canary"' });
    expect(logged).toEqual([]);
    expect(readFileSync(join(folder, 'demo-crm.ndjson'), 'utf8')).toContain('canary');
  });
});
