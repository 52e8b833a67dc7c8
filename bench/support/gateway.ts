import type { BenchPostgres } from './bench-postgres.js';
import { type Server, startServer } from './processes.js';

/** A gateway from dist as it runs in production, on a free port and without a rate limit; it is returned when it wants traffic. */
export async function startGateway(root: string, postgres: BenchPostgres, env: Readonly<Record<string, string>> = {}): Promise<Server> {
  const gateway = await startServer(root, 'apps/gateway/src/main.js', {
    PORT: '0',
    NODE_ENV: 'production',
    DATABASE_URL: postgres.url,
    LEADGATE_DATA_DIR: postgres.dataDir,
    LEADGATE_RATE_LIMIT_PER_MINUTE: '0',
    ...env,
  });
  for (;;) {
    const answer = await fetch(`${gateway.url}/health/ready`).catch(() => undefined);
    if (answer?.ok) return gateway;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
