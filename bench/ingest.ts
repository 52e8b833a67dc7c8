import type { BenchContext } from './bench-context.js';
import { startBenchPostgres } from './support/bench-postgres.js';
import { startGateway } from './support/gateway.js';
import type { LoadReport } from './support/load-run.js';
import { type Server, startServer } from './support/processes.js';
import { sendLoad } from './support/send-load.js';
import { median, rounded } from './support/statistics.js';

const VARIANTS = ['floor', 'express', 'gateway', 'naive'] as const;
type Variant = (typeof VARIANTS)[number];

/**
 * How fast requests become committed leads: the gateway against a floor and two peers, on one Postgres with fsync on, by turns, 64
 * connections, unique bodies, no rate limit, the load generator in its own process. The gateway runs with role api: what happens to a
 * lead afterwards is the business of the `deliver` benchmark, and in production of other processes.
 */
export async function benchIngest({ root, rounds, seconds, say }: BenchContext): Promise<object> {
  const postgres = await startBenchPostgres(root);
  const servers = new Map<Variant, Server>();
  try {
    const env = { DATABASE_URL: postgres.url, NODE_ENV: 'production' };
    servers.set('gateway', await startGateway(root, postgres, { LEADGATE_ROLES: 'api' }));
    for (const variant of ['floor', 'express', 'naive'] as const)
      servers.set(variant, await startServer(root, `bench/servers/${variant}.js`, env));

    const reports: Record<Variant, LoadReport[]> = { floor: [], express: [], gateway: [], naive: [] };
    for (const variant of VARIANTS) await load(root, servers.get(variant)?.url, 0, 2);
    for (let round = 1; round <= rounds; round += 1) {
      for (const variant of VARIANTS) {
        await postgres.empty();
        const report = await load(root, servers.get(variant)?.url, round, seconds);
        reports[variant].push(report);
        say(
          `round ${round}/${rounds} ${variant.padEnd(8)} ${String(Math.round(report.rps)).padStart(6)} req/s  p50 ${report.p50_ms} ms  p99 ${report.p99_ms} ms  not 2xx ${report.non2xx + report.errors}`,
        );
      }
    }
    const rps = (variant: Variant): number => median(reports[variant].map((report) => report.rps));
    return {
      gateway_rps: rounded(rps('gateway'), 0),
      floor_rps: rounded(rps('floor'), 0),
      express_rps: rounded(rps('express'), 0),
      naive_rps: rounded(rps('naive'), 0),
      gateway_vs_floor: rounded(rps('gateway') / rps('floor')),
      gateway_vs_express: rounded(rps('gateway') / rps('express')),
      gateway_vs_naive: rounded(rps('gateway') / rps('naive')),
      p50_ms: rounded(median(reports.gateway.map(({ p50_ms }) => p50_ms))),
      p99_ms: rounded(median(reports.gateway.map(({ p99_ms }) => p99_ms))),
    };
  } finally {
    for (const server of servers.values()) await server.stop('SIGKILL');
    await postgres.stop();
  }
}

function load(root: string, url: string | undefined, seed: number, seconds: number): Promise<LoadReport> {
  return sendLoad(root, { url: `${url}/webhooks/leads`, seconds, seed });
}
