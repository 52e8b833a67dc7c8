import { connect, type Socket } from 'node:net';
import { eventually } from '../support/eventually.js';
import { expectAhead } from '../support/expect-ahead.js';
import { aSource, openDoor, rawCrmSource, WEBHOOK, type OpenDoor, type OpenDoorOptions } from '../support/open-door.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { tookAtMost } from '../support/took-at-most.js';

const MIB = 2 ** 20;
const head = (...lines: string[]): string =>
  [`POST ${WEBHOOK} HTTP/1.1`, 'host: x', 'content-type: application/json', ...lines, '', ''].join('\r\n');

/** Everything a raw connection is sent until the other side closes it. */
function untilClosed(port: number, write: (socket: Socket) => void): Promise<string> {
  return new Promise((resolve) => {
    let received = '';
    const socket = connect(port, '127.0.0.1', () => write(socket));
    socket.on('data', (data) => (received += data.toString()));
    socket.on('error', () => {});
    socket.on('close', () => resolve(received));
  });
}

describe('the door in front', () => {
  let database: TestDatabase;
  const doors: OpenDoor[] = [];
  const open = async (options: OpenDoorOptions = {}): Promise<OpenDoor> => {
    const door = await openDoor(database, options);
    doors.push(door);
    return door;
  };
  const stored = (door: OpenDoor) =>
    door.rows<{ verdict: string; body_bytes: number; kept: number }>(
      'SELECT verdict, body_bytes::int, length(body) AS kept FROM inbound_requests ORDER BY id DESC LIMIT 1',
    );

  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(async () => {
    for (const door of doors) await door.close();
    await database?.drop();
  });

  it('gives everything but leads to Express', async () => {
    const door = await open();
    expect(await door.send({ method: 'GET', path: '/nothing' })).toMatchObject({ status: 404 });
    expect(await door.send({ path: '/webhooks/leads/more', body: '{}' })).toMatchObject({ status: 404 });
    expect(door.visits).toEqual([]);
  });

  it('takes exactly the cap and refuses one byte more, also when it is announced', async () => {
    const door = await open({ maxBodyBytes: 5000 });
    const body = (size: number): string => `{"a":"${'x'.repeat(size - 8)}"}`;
    expect(await door.post(body(5000))).toMatchObject({ status: 200 });
    expect(await door.post(body(5001))).toMatchObject({ status: 413, body: { error: 'Payload too large' } });
    expect(await stored(door)).toEqual([{ verdict: 'body_too_large', body_bytes: 5001, kept: 4096 }]);
  });

  it('answers 413 before a body of 10 MiB is sent, and closes', async () => {
    const door = await open();
    const answer = await untilClosed(door.port, (socket) => {
      socket.write(head(`content-length: ${10 * MIB}`));
      socket.write(Buffer.alloc(8192, 'x'));
    });
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    expect(answer).toMatch(/connection: close/i);
    expect(await stored(door)).toEqual([{ verdict: 'body_too_large', body_bytes: 10 * MIB, kept: 4096 }]);
  });

  it('a sender that goes on sending can still read its 413', async () => {
    const door = await open();
    // It has a second for that; one that stands still for longer finds its connection reset.
    const answer = await tookAtMost(1000, () => door.post(Buffer.alloc(6 * MIB, 'x')).catch(({ code }: NodeJS.ErrnoException) => code));
    expect(answer).toMatchObject({ status: 413 });
    expect(await stored(door)).toEqual([{ verdict: 'body_too_large', body_bytes: 6 * MIB, kept: 4096 }]);
  });

  it('ends a chunked body that never ends', async () => {
    const door = await open();
    const chunk = `4000\r\n${'x'.repeat(0x4000)}\r\n`;
    const answer = await untilClosed(door.port, (socket) => {
      socket.write(head('transfer-encoding: chunked'));
      const more = (): void => void (socket.writable && socket.write(chunk, more));
      more();
    });
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    const [row] = await stored(door);
    expect(row).toMatchObject({ verdict: 'body_too_large', kept: 4096 });
    expect(row?.body_bytes).toBeLessThan(2 * MIB);
  });

  it('closes on senders that send a byte a moment, headers or body, and stores nothing of them', async () => {
    const door = await open({ limits: { headersTimeout: 300, requestTimeout: 500, connectionsCheckingInterval: 50 } });
    const countStored = () => door.rows<{ count: number }>('SELECT count(*)::int AS count FROM inbound_requests');
    const [before] = await countStored();
    const drip = (first: string) =>
      untilClosed(door.port, (socket) => {
        socket.write(first);
        const timer = setInterval(() => socket.write('x'), 20);
        socket.on('close', () => clearInterval(timer));
      });
    const slow = Array.from({ length: 50 }, (_, n) => drip(n % 2 === 0 ? 'POST / HTTP/1.1\r\nx-slow: ' : head('content-length: 5000')));
    // Whoever stands still for half a second is slow, too, and comes again.
    await eventually('an honest sender is answered 200', async () => {
      const status = await door.post('{"honest":true}').then(
        (answer) => answer.status,
        () => 408,
      );
      if (status !== 408) expect(status).toBe(200);
      return status === 200 ? true : undefined;
    });
    for (const answer of await Promise.all(slow)) expect(answer).toMatch(/^(HTTP\/1\.1 408 |$)/);
    expect(await countStored()).toEqual([{ count: (before?.count ?? 0) + 1 }]);
    expect(door.visits).toHaveLength(1);
  });

  it('a sender that leaves before the answer has its lead committed', async () => {
    const door = await open();
    await new Promise<void>((resolve) => {
      const body = '{"left":"early"}';
      const socket = connect(door.port, '127.0.0.1', () => socket.end(head(`content-length: ${body.length}`, 'connection: close') + body));
      socket.on('close', () => resolve());
      socket.resume();
    });
    await eventually('it is stored', async () =>
      (await door.rows(`SELECT 1 FROM leads WHERE payload ? 'left'`)).length > 0 ? true : undefined,
    );
    await door.accept.drain();
    expect(await door.rows(`SELECT status FROM leads WHERE payload ? 'left'`)).toEqual([{ status: 'RECEIVED' }]);
  });

  it('keeps the connection after an answer, and after a refusal whose body was read', async () => {
    const door = await open();
    const request = (body: string, last = false): string =>
      head(`content-length: ${body.length}`, ...(last ? ['connection: close'] : [])) + body;
    const answers = await untilClosed(
      door.port,
      (socket) => void socket.write(request('{"a":1}') + request('{') + request('{"a":2}', true)),
    );
    expect(answers.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 400', 'HTTP/1.1 200']);
  });

  it('limits unauthenticated sources per address, stores nothing of what is over, and says when to come again', async () => {
    const secret = aSource({ name: 'secret', path: '/in/secret', authentication: { kind: 'shared_secret', secret: 's' } });
    const door = await open({ rateLimitPerMinute: 3, sources: [aSource(), rawCrmSource(), secret] });
    const began = performance.now();
    const statuses: number[] = [];
    for (let n = 0; n < 5; n += 1) statuses.push((await door.post({ limited: n })).status);
    expect(statuses).toEqual([200, 200, 200, 429, 429]);
    const over = await door.post({ limited: 'over' });
    const seconds = Number(over.headers['retry-after']);
    expectAhead(seconds, 60, began);
    expect(over.headers['ratelimit']).toBe(`"address";r=0;t=${seconds}`);
    expect(over.headers['ratelimit-policy']).toBe('"address";q=3;w=60');
    expect(over.body).toMatchObject({ status: 429, error: 'Too many requests' });
    expect(await door.rows(`SELECT 1 FROM inbound_requests WHERE body_text LIKE '%limited%'`)).toHaveLength(3);
    for (let n = 0; n < 5; n += 1) {
      expect(await door.post({ n }, { 'x-shared-secret': 's' }, '/in/secret')).toMatchObject({ status: 200 });
    }
  });

  it('believes X-Forwarded-For only behind a configured proxy', async () => {
    const sources = [aSource({ open: true })];
    const remoteOf = async (door: OpenDoor): Promise<unknown> => {
      await door.post({ forwarded: true }, { 'x-forwarded-for': '198.51.100.9, 203.0.113.7' });
      return (await door.rows('SELECT remote_address FROM inbound_requests ORDER BY id DESC LIMIT 1'))[0]?.['remote_address'];
    };
    expect(await remoteOf(await open({ sources }))).toBe('127.0.0.1');
    expect(await remoteOf(await open({ sources, trustedProxies: ['127.0.0.0/8'] }))).toBe('203.0.113.7');
  });

  it('answers 503 while no configuration is known, and 503 with the bytes kept for a kind nobody knows', async () => {
    const none = await open({ sources: [] });
    expect(await none.post({ a: 1 })).toMatchObject({
      status: 503,
      headers: { 'retry-after': '2' },
      body: { ok: false, error: 'internal_error' },
    });
    expect(await none.send({ method: 'GET' })).toMatchObject({ status: 404 });
    const strange = await open({ sources: [aSource({ kind: 'telepathy' })] });
    expect(await strange.post({ a: 1 })).toMatchObject({ status: 503, headers: { 'retry-after': '2' } });
    expect(await stored(strange)).toMatchObject([{ verdict: 'unknown_source_kind' }]);
  });
});
