import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { ClearError, progress } from './project.mjs';

/**
 * A private Redis for one test run, on a free port, kept in memory only. Where there is no redis-server the Redis suites are skipped, loudly;
 * with LEADGATE_REQUIRE_REDIS=1 that is an error.
 * @returns {Promise<{ env: Record<string, string>, stop: () => Promise<void> }>}
 */
export async function startTestRedis(folder) {
  if (spawnSync('redis-server', ['--version']).status !== 0) {
    const how = 'Get redis-server with: apt-get install redis-server (Debian, Ubuntu), brew install redis (macOS).';
    if (process.env.LEADGATE_REQUIRE_REDIS === '1')
      throw new ClearError(`LEADGATE_REQUIRE_REDIS=1, but there is no redis-server on the PATH. ${how}`);
    progress(`\n\n    THE REDIS SUITES ARE SKIPPED: there is no redis-server on the PATH.\n    ${how}\n`);
    return { env: {}, stop: async () => undefined };
  }
  const port = await freePort();
  const settings = {
    ...{ port, bind: '127.0.0.1', save: '', appendonly: 'no', 'maxmemory-policy': 'noeviction', databases: 64 },
    ...{ dir: folder, pidfile: join(folder, PID_FILE) },
  };
  const child = spawn(
    'redis-server',
    Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]),
    {
      stdio: ['ignore', 'pipe', 'inherit'],
      // Its own session: Ctrl-C reaches the tests first, and they still need it to end in order.
      detached: true,
    },
  );
  const ended = new Promise((resolve) => child.once('exit', resolve));
  await new Promise((resolve, reject) => {
    child.stdout.on('data', (chunk) => String(chunk).includes('Ready to accept connections') && resolve());
    child.once('exit', (code) => reject(new ClearError(`redis-server ended at once (exit ${code}).`)));
  });
  return {
    env: { LEADGATE_TEST_REDIS_URL: `redis://127.0.0.1:${port}` },
    stop: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

const PID_FILE = 'redis.pid';

/** Ends the Redis of a test run that was killed; its pid may belong to another program by now, which then does not call itself redis-server. */
export function endAbandonedRedis(folder) {
  const file = join(folder, PID_FILE);
  if (!existsSync(file)) return;
  const pid = readFileSync(file, 'utf8').trim();
  if (!spawnSync('ps', ['-o', 'args=', '-p', pid], { encoding: 'utf8' }).stdout?.startsWith('redis-server 127.0.0.1:')) return;
  process.kill(Number(pid), 'SIGKILL');
}

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}
