import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { FaultProxy } from '../support/fault-proxy.js';

/** The proxy that other suites break connections with does what it is told, and only that. */
describe('the fault proxy', () => {
  let server: Server;
  let proxy: FaultProxy;
  let atServer: Socket[];

  beforeEach(async () => {
    atServer = [];
    // Says back what it hears, and ends when the other side ends.
    server = createServer({ allowHalfOpen: true }, (socket) => {
      atServer.push(socket);
      socket.on('error', () => {});
      socket.pipe(socket);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    proxy = await FaultProxy.start(`tcp://127.0.0.1:${(server.address() as AddressInfo).port}`);
  });
  afterEach(async () => {
    await proxy.close();
    for (const socket of atServer) socket.destroy();
    server.close();
  });

  class Client {
    heard = '';
    error: string | undefined;
    private wake = (): void => {};

    constructor(readonly socket: Socket) {
      socket.on('data', (bytes: Buffer) => {
        this.heard += bytes.toString('latin1');
        this.wake();
      });
      socket.on('error', (error: NodeJS.ErrnoException) => (this.error = error.code));
      socket.on('close', () => this.wake());
    }
    async hears(length: number): Promise<string> {
      while (this.heard.length < length && !this.socket.closed) await new Promise<void>((resolve) => (this.wake = resolve));
      return this.heard;
    }
    /** What it heard in all, and how the connection ended. */
    async closed(): Promise<{ heard: string; error: string | undefined }> {
      while (!this.socket.closed) await new Promise<void>((resolve) => (this.wake = resolve));
      return { heard: this.heard, error: this.error };
    }
  }

  async function aClient(): Promise<Client> {
    const socket = connect({ port: proxy.port, host: '127.0.0.1', noDelay: true });
    const client = new Client(socket);
    await once(socket, 'connect');
    return client;
  }

  it('passes 8 MB there and back, and the end of the connection', async () => {
    const client = await aClient();
    client.socket.end(Buffer.alloc(8 * 1024 * 1024, 'x'));
    const { heard, error } = await client.closed();
    expect([heard.length, error]).toEqual([8 * 1024 * 1024, undefined]);
  });

  it('latency: bytes arrive later, and those that follow each other closely still do', async () => {
    proxy.add({ type: 'latency', ms: 60 }, { direction: 'downstream' });
    const client = await aClient();
    const began = performance.now();
    client.socket.write('a');
    expect(await client.hears(1)).toBe('a');
    expect(performance.now() - began).toBeGreaterThanOrEqual(59);
  });

  it('bandwidth: no faster than that', async () => {
    proxy.add({ type: 'bandwidth', bytesPerSecond: 100_000 }, { direction: 'downstream' });
    const client = await aClient();
    const began = performance.now();
    client.socket.end(Buffer.alloc(20_000));
    expect((await client.closed()).heard).toHaveLength(20_000);
    expect(performance.now() - began).toBeGreaterThanOrEqual(190);
  });

  it('slicer: in pieces', async () => {
    proxy.add({ type: 'slicer', bytes: 1, gapMs: 20 }, { direction: 'upstream' });
    const client = await aClient();
    const began = performance.now();
    client.socket.write('abcde');
    expect(await client.hears(5)).toBe('abcde');
    // Pieces that a machine is too slow for arrive together; that they were sent apart shows in the four gaps before the last one.
    expect(performance.now() - began).toBeGreaterThanOrEqual(79);
  });

  it('timeout of 0: nothing passes, and everything once it ends', async () => {
    const client = await aClient();
    client.socket.write('a');
    await client.hears(1);
    const heal = proxy.add({ type: 'timeout', ms: 0 }, { direction: 'downstream' });
    client.socket.write('b');
    // Another connection is not held: what it hears is later than what the first one would have heard.
    heal();
    expect(await client.hears(2)).toBe('ab');
  });

  it('timeout: the connection ends without a byte', async () => {
    proxy.add({ type: 'timeout', ms: 20 });
    const client = await aClient();
    client.socket.write('a');
    expect(await client.closed()).toEqual({ heard: '', error: undefined });
  });

  it('reset_peer: a reset instead of an answer', async () => {
    proxy.add({ type: 'reset_peer', ms: 0 }, { direction: 'downstream' });
    const client = await aClient();
    client.socket.write('a');
    expect(await client.closed()).toEqual({ heard: '', error: 'ECONNRESET' });
  });

  it('limit_data: so many bytes and no more', async () => {
    proxy.add({ type: 'limit_data', bytes: 5 }, { direction: 'downstream' });
    const client = await aClient();
    client.socket.write('abcdefgh');
    expect((await client.closed()).heard).toBe('abcde');
  });

  it('slow_close: the end comes later, unless the toxic goes before', async () => {
    const heal = proxy.add({ type: 'slow_close', ms: 3_600_000 }, { direction: 'upstream' });
    const client = await aClient();
    client.socket.end('a');
    expect(await client.hears(1)).toBe('a');
    expect(client.socket.readableEnded).toBe(false);
    heal();
    expect(await client.closed()).toEqual({ heard: 'a', error: undefined });
  });

  it('harms only the connections it is told to', async () => {
    proxy.add({ type: 'reset_peer', ms: 0 }, { connections: (no) => no === 1 });
    const [harmed, well] = [await aClient(), await aClient()];
    harmed.socket.write('a');
    expect((await harmed.closed()).error).toBe('ECONNRESET');
    well.socket.write('a');
    expect(await well.hears(1)).toBe('a');
    proxy.cut((no) => no === 2);
    expect((await well.closed()).error).toBe('ECONNRESET');
    expect(proxy.connections).toBe(2);
  });

  it('down: open connections are reset and new ones refused, until it is up again', async () => {
    const before = await aClient();
    before.socket.write('a');
    await before.hears(1);
    proxy.down = true;
    expect((await before.closed()).error).toBe('ECONNRESET');
    const socket = connect(proxy.port, '127.0.0.1');
    expect((await new Client(socket).closed()).heard).toBe('');
    proxy.heal();
    const after = await aClient();
    after.socket.write('b');
    expect(await after.hears(1)).toBe('b');
  });

  it('shows what passes, and cuts where it is told', async () => {
    await proxy.close();
    const seen: string[] = [];
    proxy = await FaultProxy.start(`tcp://127.0.0.1:${(server.address() as AddressInfo).port}`, {
      look: (direction, bytes, no) => {
        seen.push(`${no} ${direction} ${bytes.toString('latin1')}`);
        return bytes.includes('COMMIT') ? 'cut' : 'pass';
      },
    });
    const client = await aClient();
    client.socket.write('BEGIN');
    await client.hears(5);
    client.socket.write('COMMIT');
    expect(await client.closed()).toEqual({ heard: 'BEGIN', error: 'ECONNRESET' });
    expect(seen).toEqual(['1 upstream BEGIN', '1 downstream BEGIN', '1 upstream COMMIT']);
  });
});
