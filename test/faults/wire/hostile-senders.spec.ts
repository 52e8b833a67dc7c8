import { connect, type Socket } from 'node:net';
import { eventually } from '../../support/eventually.js';
import { CANARY, demoLead } from '../support/demo-lead.js';
import { acceptLead, FaultWorld } from '../support/fault-world.js';
import type { GatewaySlot } from '../support/gateway-slot.js';

const head = (...lines: string[]): string =>
  ['POST /webhooks/leads HTTP/1.1', 'Host: gateway', 'Content-Type: application/json', ...lines, '', ''].join('\r\n');

/** The gateway as it runs in production, with its own limits, and senders that hold to nothing. */
describe('a sender that', () => {
  let world: FaultWorld;
  let gateway: GatewaySlot;
  let port: number;

  beforeAll(async () => {
    world = await FaultWorld.open();
    gateway = world.slot();
    await gateway.start();
    port = Number(new URL(gateway.url).port);
  });
  afterAll(() => world?.close());

  /** What was heard until the connection ended. */
  const untilClosed = (send: (socket: Socket) => void): Promise<string> =>
    new Promise((resolve) => {
      let heard = '';
      const socket = connect(port, '127.0.0.1', () => send(socket));
      socket.on('data', (bytes: Buffer) => (heard += bytes.toString('latin1')));
      socket.on('error', () => {
        // A reset is an end, too.
      });
      socket.on('close', () => resolve(heard));
    });
  /**
   * As untilClosed; on a machine too slow for Postgres a 503 may come first, which says that nothing was taken. Who goes on sending may lose the
   * answer over the reset that follows it.
   */
  const answerTo = (send: (socket: Socket) => void): Promise<string> =>
    eventually('there is an answer other than 503', async () => {
      const heard = await untilClosed(send);
      return heard === '' || heard.startsWith('HTTP/1.1 503 ') ? undefined : heard;
    });
  const stored = () =>
    world.rows<{ verdict: string; body_bytes: number; kept: number }>(
      'select verdict, body_bytes::int, length(body)::int as kept from inbound_requests order by id desc limit 1',
    );
  /** Of this sender alone: what another one was refused may still be on its way. */
  const countStored = async (which: string) =>
    (await world.rows<{ n: number }>(`select count(*)::int as n from inbound_requests where ${which}`))[0]?.n ?? 0;

  /** Leads: a sender that was not heard in time, and came again under its key, leaves a second request and no second lead. */
  const countAccepted = async () =>
    (await world.rows<{ n: number }>(`select count(*)::int as n from inbound_requests where verdict = 'accepted'`))[0]?.n ?? 0;

  it('F68: announces 10 MB: 413 before they come, the first bytes are kept', async () => {
    const answer = await answerTo((socket) => socket.write(head('Content-Length: 10485760') + 'x'.repeat(8192)));
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    expect(await stored()).toEqual([{ verdict: 'body_too_large', body_bytes: 10_485_760, kept: 4096 }]);
  });

  it('F68: never ends its chunks: 413, and no more of it is taken than a body may have', async () => {
    const chunk = `4000\r\n${'x'.repeat(0x4000)}\r\n`;
    let sent = 0;
    const answer = await answerTo((socket) => {
      sent = 0;
      socket.write(head('Transfer-Encoding: chunked'));
      const more = (): void => {
        sent += chunk.length;
        if (socket.writable) socket.write(chunk, more);
      };
      more();
    });
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    expect((await stored())[0]).toMatchObject({ verdict: 'body_too_large', kept: 4096 });
    // The cap of 1 MiB, and what the buffers of both ends hold.
    expect(sent).toBeLessThan(16 * 1024 * 1024);
  });

  it('F68: announces more than it sends: nothing is stored of half a lead', async () => {
    const body = JSON.stringify(demoLead(1));
    expect(await untilClosed((socket) => socket.end(`${head(`Content-Length: ${body.length + 1}`)}${body}`))).not.toMatch(/ 200 /);
    expect(await countStored(`encode(body, 'escape') like '%${CANARY}-1@%'`)).toBe(0);
  });

  it('F68: announces less than it sends: the rest is no second lead', async () => {
    const before = await countAccepted();
    const body = JSON.stringify(demoLead(2));
    const request = head(`Content-Length: ${body.length}`, 'Idempotency-Key: announces-less') + body;
    await eventually('the lead before it is stored', async () => {
      // A stream that is no HTTP is answered 400, whether or not the answer to the lead before it, which may be a 503, is on its way already.
      expect(await untilClosed((socket) => socket.write(request + body))).toMatch(/HTTP\/1\.1 400 /);
      return (await countAccepted()) > before ? true : undefined;
    });
    expect(await countAccepted()).toBe(before + 1);
  });

  it('F68: announces two lengths, or a length and chunks: refused before anything is read as a lead', async () => {
    for (const lines of [
      ['Content-Length: 2', 'Content-Length: 44'],
      ['Content-Length: 2', 'Transfer-Encoding: chunked'],
    ])
      expect(await untilClosed((socket) => socket.write(`${head(...lines)}{}`))).toMatch(/^HTTP\/1\.1 400 /);
    expect(await countStored('length(body) < 44')).toBe(0);
  });

  it('F81: sends a byte a second over 200 connections: each is closed in time, and honest senders are served meanwhile', async () => {
    const before = await countAccepted();
    let closed = 0;
    const slow = Array.from({ length: 200 }, (_, n) =>
      untilClosed((socket) => {
        socket.write(n % 2 === 0 ? 'POST /webhooks/leads HTTP/1.1\r\nX-Slow: ' : head('Content-Length: 5000'));
        const timer = setInterval(() => socket.write('x'), 1000);
        socket.on('close', () => clearInterval(timer));
      }).then((heard) => {
        closed += 1;
        return heard;
      }),
    );
    let honest = 0;
    while (closed < slow.length && honest < 2000) {
      honest += 1;
      await acceptLead(gateway.url, 100 + honest);
    }
    for (const heard of await Promise.all(slow)) expect(heard).toMatch(/^(HTTP\/1\.1 408 |$)/);
    expect(await countAccepted()).toBe(before + honest);
  });
});
