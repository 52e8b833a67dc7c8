import { type AddressInfo, createServer, type Socket } from 'node:net';
import { type ReadingApp, startReadingApp } from './reading-app.js';
import { tookAtMost } from '../support/took-at-most.js';

interface FrozenServer {
  readonly port: number;
  close(): Promise<void>;
}

/** A server that takes connections and never says a word: what a frozen Postgres looks like. */
async function aFrozenServer(): Promise<FrozenServer> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => sockets.add(socket.on('error', () => socket.destroy())));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

describe.each(['stopped', 'frozen'])('while Postgres is %s', (state) => {
  let server: FrozenServer;
  let reading: ReadingApp;

  beforeAll(async () => {
    server = await aFrozenServer();
    if (state === 'stopped') await server.close();
    reading = await startReadingApp(`postgresql://nobody@127.0.0.1:${server.port}/none`, { inHaste: true });
  });
  afterAll(async () => {
    await reading.close();
    if (state === 'frozen') await server.close();
  });

  it('the process lives', async () => {
    const answer = await reading.get('/health/live', null);
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ ok: true, status: 'ok' });
  });

  it.each(['/health', '/health/ready', '/ready'])('%s is 503 within two seconds and says which component', async (path) => {
    const answer = await tookAtMost(2000, () => reading.get(path, null));
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toBe('2');
    const health = (await answer.json()) as object;
    expect(health).toMatchObject({ ok: false, status: 'down', components: { postgres: { status: 'down' } } });
    expect('ready' in health).toBe(path !== '/health');
  });

  it.each(['/stats/leads/counts', '/stats/leads/recent', '/v1/leads', '/v1/leads/0192f0c1-7c1e-7a53-9d6b-9f0d0f6f0a11'])(
    '%s is 503 with Retry-After and says nothing about the server',
    async (path) => {
      const answer = await reading.get(path);
      expect(answer.status).toBe(503);
      expect(answer.headers.get('retry-after')).toBe('2');
      const text = await answer.text();
      expect(JSON.parse(text)).toMatchObject({ type: 'urn:leadgate:problem:database_unavailable' });
      expect(text).not.toMatch(/127\.0\.0\.1|prisma/i);
    },
  );

  it('the key is still asked for first', async () => {
    expect((await reading.get('/stats/leads/counts', null)).status).toBe(401);
  });
});
