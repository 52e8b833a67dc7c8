import { spawn } from 'node:child_process';
import { createServer } from 'node:net';

export interface BenchRedis {
  readonly url: string;
  stop(): void;
}

/** A Redis of the benchmark's own, kept in memory only. @returns undefined where there is no redis-server on the PATH */
export async function startRedis(settings: Readonly<Record<string, string>>): Promise<BenchRedis | undefined> {
  const port = await freePort();
  const all = { port: String(port), bind: '127.0.0.1', save: '', appendonly: 'no', ...settings };
  const child = spawn(
    'redis-server',
    Object.entries(all).flatMap(([name, value]) => [`--${name}`, value]),
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const up = await new Promise<boolean>((resolve) => {
    child.once('error', () => resolve(false));
    child.stdout.on('data', (chunk: Buffer) => {
      if (chunk.includes('Ready to accept connections')) resolve(true);
    });
  });
  return up ? { url: `redis://127.0.0.1:${port}`, stop: () => void child.kill('SIGKILL') } : undefined;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
