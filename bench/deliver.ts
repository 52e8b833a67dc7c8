import type { BenchContext } from './bench-context.js';
import { startBenchPostgres } from './support/bench-postgres.js';
import { startGateway } from './support/gateway.js';
import { untilDelivered } from './support/lead-sender.js';
import type { LoadReport } from './support/load-run.js';
import { startServer } from './support/processes.js';
import { startRedis } from './support/redis.js';
import { sendLoad } from './support/send-load.js';
import { median, rounded } from './support/statistics.js';

/** The first ones of a process, which finds cold code, */
const LEADS = 5000;
/** and those after them: by now what is hot has been compiled, as it is a minute after any start. */
const WARM_LEADS = 15_000;

interface DeliveryReport {
  readonly leads_per_second: number;
  readonly accepted_per_second: number;
  readonly warm_leads_per_second: number;
  /** Time of the processor per lead of the warm ones. */
  readonly gateway_cpu_ms: number;
  readonly rss_mb: number;
  readonly peak_rss_mb: number;
}

/** From the first POST to the last DELIVERED, 5,000 leads and then 15,000, into the demo CRM, with the full audit trail, on either queue. */
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
          `round ${round}/${rounds} ${queue.padEnd(8)} ${report.leads_per_second} leads/s end to end, accepted at ${report.accepted_per_second}/s; warm ${report.warm_leads_per_second} leads/s; ${report.peak_rss_mb} MB`,
        );
      }
    } finally {
      redis?.stop();
    }
    result[queue] = mediansOf(reports);
  }
  return { leads: LEADS, warm_leads: WARM_LEADS, ...result };
}

/** Of each figure by itself. */
function mediansOf(reports: readonly DeliveryReport[]): DeliveryReport {
  const of = (figure: keyof DeliveryReport): number => median(reports.map((report) => report[figure]));
  return {
    leads_per_second: of('leads_per_second'),
    accepted_per_second: of('accepted_per_second'),
    warm_leads_per_second: of('warm_leads_per_second'),
    gateway_cpu_ms: of('gateway_cpu_ms'),
    rss_mb: of('rss_mb'),
    peak_rss_mb: of('peak_rss_mb'),
  };
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

    const deliver = async (count: number, seed: number, deliveredBefore = 0): Promise<{ perSecond: number; accepted: LoadReport }> => {
      const began = performance.now();
      const accepted = await sendLoad(root, { url: `${gateway.url}/webhooks/leads`, count, seed });
      await untilDelivered(postgres, deliveredBefore + count);
      return { perSecond: (count * 1000) / (performance.now() - began), accepted };
    };

    const first = await deliver(LEADS, 1);
    const cpuSeconds = gateway.cpuSeconds();
    const warm = await deliver(WARM_LEADS, 2, LEADS);
    return {
      leads_per_second: rounded(first.perSecond, 0),
      accepted_per_second: rounded(first.accepted.rps, 0),
      warm_leads_per_second: rounded(warm.perSecond, 0),
      gateway_cpu_ms: rounded(((gateway.cpuSeconds() - cpuSeconds) * 1000) / WARM_LEADS, 2),
      ...gateway.memory(),
    };
  } finally {
    for (const stop of stops.reverse()) await stop();
  }
}
