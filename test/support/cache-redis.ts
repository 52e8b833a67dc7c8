import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { Redis } from 'ioredis';
import { endWithSuite } from './child-process.js';

/** A Redis of a suite's own, that may be stopped, frozen and flushed. */
export interface CacheRedis {
  readonly url: string;
  flush(): Promise<void>;
  /** SIGSTOP: it takes connections and never answers. */
  freeze(): void;
  thaw(): void;
  stop(): Promise<void>;
  /** Empty, on the same port. */
  start(): Promise<void>;
  keys(): Promise<number>;
}

export async function startCacheRedis(settings: Readonly<Record<string, string>> = {}): Promise<CacheRedis> {
  const port = await freePort();
  const url = `redis://127.0.0.1:${port}`;
  const all = { port, bind: '127.0.0.1', save: '', appendonly: 'no', maxmemory: '64mb', 'maxmemory-policy': 'allkeys-lru', ...settings };
  let child: ChildProcess | undefined;
  const start = async (): Promise<void> => {
    const server = spawn(
      'redis-server',
      Object.entries(all).flatMap(([name, value]) => [`--${name}`, String(value)]),
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    child = server;
    endWithSuite(server);
    await new Promise<void>((resolve, reject) => {
      server.stdout.on('data', (chunk: Buffer) => {
        if (String(chunk).includes('Ready to accept connections')) resolve();
      });
      server.once('exit', (code) => reject(new Error(`redis-server ended at once (exit ${code})`)));
    });
  };
  const ask = async <T>(work: (redis: Redis) => Promise<T>): Promise<T> => {
    const redis = new Redis(url);
    try {
      return await work(redis);
    } finally {
      redis.disconnect();
    }
  };
  await start();
  return {
    url,
    start,
    flush: async () => {
      await ask((redis) => redis.flushall());
    },
    freeze: () => void child?.kill('SIGSTOP'),
    thaw: () => void child?.kill('SIGCONT'),
    stop: async () => {
      if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    },
    keys: () => ask((redis) => redis.dbsize()),
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
