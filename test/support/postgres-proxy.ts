import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/**
 * What happens to a connection whose client says COMMIT:
 * `before` it is cut and Postgres never hears of it; `after` Postgres commits and the client never hears of it.
 */
export type Cut = 'before' | 'after';

export interface PostgresProxy {
  readonly url: string;
  /** Applied to the next commits, one each. */
  readonly cuts: Cut[];
  /** true: no new connections, and every open one is cut. */
  down: boolean;
  /** true: connections stay open and nothing passes. */
  frozen: boolean;
  close(): Promise<void>;
}

const COMMIT = Buffer.from('COMMIT\0');

/** Stands between a pool and Postgres and breaks connections at the moments that matter. */
export async function startPostgresProxy(databaseUrl: string): Promise<PostgresProxy> {
  const target = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  const held: (() => void)[] = [];
  const state = { down: false, frozen: false };
  const cuts: Cut[] = [];

  const server = createServer((client) => {
    if (state.down) {
      client.destroy();
      return;
    }
    const upstream = connect(Number(target.port), target.hostname);
    let deaf = false;
    const cut = (): void => {
      client.destroy();
      upstream.destroy();
    };
    const pass = (work: () => void): void => void (state.frozen ? held.push(work) : work());
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', cut);
      socket.on('close', () => {
        sockets.delete(socket);
        cut();
      });
    }
    client.on('data', (data) =>
      pass(() => {
        const next = data.includes(COMMIT) ? cuts.shift() : undefined;
        if (next === 'before') cut();
        else {
          deaf ||= next === 'after';
          upstream.write(data);
        }
      }),
    );
    upstream.on('data', (data) => pass(() => void (deaf ? cut() : client.write(data))));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;

  return {
    url: Object.assign(new URL(databaseUrl), { hostname: '127.0.0.1', port: `${port}` }).href,
    cuts,
    get down() {
      return state.down;
    },
    set down(down) {
      state.down = down;
      if (down) for (const socket of sockets) socket.destroy();
    },
    get frozen() {
      return state.frozen;
    },
    set frozen(frozen) {
      state.frozen = frozen;
      if (!frozen) for (const work of held.splice(0)) work();
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
