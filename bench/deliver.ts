import type { BenchContext } from './bench-context.js';
import { type BenchPostgres, startBenchPostgres } from './support/bench-postgres.js';
import { startGateway } from './support/gateway.js';
import type { LoadReport } from './support/load-run.js';
import { runProgram, startServer } from './support/processes.js';
import { startRedis } from './support/redis.js';
import { rounded } from './support/statistics.js';

const LEADS = 5000;

interface DeliveryReport {
  readonly leads_per_second: number;
  readonly accepted_per_second: number;
  readonly rss_mb: number;
  readonly peak_rss_mb: number;
}

/** From the first POST to the last DELIVERED for 5,000 leads into the demo CRM, with the full audit trail, on either queue. */
export async function benchDeliver({ root, rounds, say }: BenchContext): Promise<object> {
  const result: Record<string, DeliveryReport | string> = {};
  for (const queue of ['redis', 'postgres'] as const) {
    const redis = queue === 'redis' ? await startRedis({ 'maxmemory-policy': 'noeviction' }) : undefined;
    if (queue === 'redis' && redis === undefined) {
      result[queue] = 'no redis-server on the PATH (apt-get install redis-server)';
      continue;
    }
    const reports: DeliveryReport[] = [];
    try {
      for (let round = 1; round <= rounds; round += 1) {
        const report = await oneRound(root, redis?.url);
        reports.push(report);
        say(
          `round ${round}/${rounds} ${queue.padEnd(8)} ${report.leads_per_second} leads/s end to end, accepted at ${report.accepted_per_second}/s, ${report.peak_rss_mb} MB`,
        );
      }
    } finally {
      redis?.stop();
    }
    reports.sort((a, b) => a.leads_per_second - b.leads_per_second);
    result[queue] = reports[reports.length >> 1] as DeliveryReport;
  }
  return { leads: LEADS, ...result };
}

async function oneRound(root: string, redisUrl: string | undefined): Promise<DeliveryReport> {
  const postgres = await startBenchPostgres(root);
  const stops: (() => Promise<void>)[] = [() => postgres.stop()];
  try {
    const crm = await startServer(root, 'apps/demo-crm/src/main.js', { DEMO_CRM_PORT: '0', LEADGATE_DATA_DIR: postgres.dataDir });
    stops.push(() => crm.stop('SIGKILL'));
    const gateway = await startGateway(root, postgres, {
      CUSTOMER_API_URL: `${crm.url}/leads`,
      ...(redisUrl === undefined ? {} : { REDIS_URL: redisUrl }),
    });
    stops.push(() => gateway.stop('SIGKILL'));

    const began = performance.now();
    const accepted = await runProgram<LoadReport>(root, 'bench/support/load-generator.js', [
      '--url',
      `${gateway.url}/webhooks/leads`,
      '--count',
      String(LEADS),
      '--connections',
      '64',
    ]);
    await untilDelivered(postgres);
    const seconds = (performance.now() - began) / 1000;
    return { leads_per_second: rounded(LEADS / seconds, 0), accepted_per_second: rounded(accepted.rps, 0), ...gateway.memory() };
  } finally {
    for (const stop of stops.reverse()) await stop();
  }
}

async function untilDelivered(postgres: BenchPostgres): Promise<void> {
  for (;;) {
    const [row] = await postgres.query<{ n: number }>(`select count(*)::int as n from deliveries where status = 'DELIVERED'`);
    if ((row?.n ?? 0) >= LEADS) return;
    await pause(50);
  }
}

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));
