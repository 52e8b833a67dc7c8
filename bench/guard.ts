import type { BenchContext } from './bench-context.js';
import { LeadGenerator } from './guard/generate-leads.js';
import { type SendOptions, sendLeads, type SendReport } from './guard/send-leads.js';
import { Tally } from './guard/tally.js';
import { startBenchPostgres } from './support/bench-postgres.js';
import { startGateway } from './support/gateway.js';
import { type BenchRedis, startRedis } from './support/redis.js';
import { cpuSecondsOf } from './support/processes.js';
import { ProgressBar } from './support/progress.js';

const STRICT_TENANT = 't2';
const SALVAGE_TENANT = 't1';
/** The open loop runs at this share of what the closed one reached. */
const OPEN_LOOP_SHARE = 0.6;
const WARM_UP_LEADS = 2000;
/** Its leads meet none of the measured ones. */
const WARM_UP_SEED = 189;

/** The same data once more: how many answers were those of the first time. */
interface Repetition {
  readonly leads: number;
  readonly same: number;
}

/**
 * Messy, labelled leads over HTTP into the guard's route of a real gateway with every role: first as fast as 64 connections go, to the
 * STRICT tenant; then the same leads to the SALVAGE tenant at 60 % of that rate, each at its time whatever came before.
 */
export async function benchGuard(context: BenchContext): Promise<object> {
  const { root, leads: count, seed, concurrency: connections, accelerators, again, restart, say } = context;
  const generator = new LeadGenerator(seed);
  const postgres = await startBenchPostgres(root);
  const cache = accelerators.includes('redis') ? await startCache() : undefined;
  const env = { LEADGATE_CLAIM_ACCELERATORS: accelerators, ...(cache !== undefined && { REDIS_CACHE_URL: cache.url }) };
  let gateway = await startGateway(root, postgres, env);
  try {
    const send = (what: string, tenant: string, given: Pick<SendOptions, 'onAnswer' | 'perSecond'>): Promise<SendReport> => {
      const progress = new ProgressBar(what, count);
      const leadOf = (number: number) => generator.lead(number);
      return sendLeads({ url: gateway.url, tenant, leadOf, count, connections, ...given, onProgress: (done) => progress.at(done) });
    };
    // Time of the processor tells two gateways apart also on a machine that does other work.
    const cpuSeconds = async (): Promise<number[]> => {
      const backends = await postgres.query<{ pid: number }>('select pid from pg_stat_activity');
      return [gateway.cpuSeconds(), backends.reduce((sum, { pid }) => sum + cpuSecondsOf(pid), 0)];
    };
    const measure = async (what: string, tenant: string, tally: Tally, perSecond?: number): Promise<SendReport> => {
      const before = await cpuSeconds();
      const report = await send(what, tenant, {
        onAnswer: (lead, answer) => tally.answered(lead, answer),
        ...(perSecond !== undefined && { perSecond }),
      });
      const spent = (await cpuSeconds()).map((seconds, index) => ((seconds - (before[index] ?? 0)) * 1000) / count);
      say(`${what}: ${describe(report, tally)}; CPU per lead: gateway ${spent[0]?.toFixed(2)} ms, Postgres ${spent[1]?.toFixed(2)} ms`);
      for (const mistake of tally.mistakes) say(`  mistaken: ${JSON.stringify(mistake)}`);
      return report;
    };
    const repeat = async (what: string, first: Tally): Promise<Repetition> => {
      let same = 0;
      await send(what, STRICT_TENANT, {
        onAnswer: ({ number }, answer) => {
          if (answer !== undefined && first.given.isSame(number, answer)) same += 1;
        },
      });
      say(`${what}: ${same} of ${count} answers were those of the first time`);
      return { leads: count, same };
    };

    await warmUp(gateway.url, connections);
    const strict = new Tally('STRICT', count);
    const saturated = await measure('saturated, STRICT', STRICT_TENANT, strict);
    const salvage = new Tally('SALVAGE', count);
    const open = await measure('open loop, SALVAGE', SALVAGE_TENANT, salvage, saturated.rps * OPEN_LOOP_SHARE);

    const repetitions: { again?: Repetition; after_restart?: Repetition } = {};
    if (again) repetitions.again = await repeat('again', strict);
    if (restart) {
      await gateway.stop();
      gateway = await startGateway(root, postgres, env);
      repetitions.after_restart = await repeat('after a restart', strict);
    }
    return {
      leads: count,
      rps: saturated.rps,
      p50_ms: saturated.p50_ms,
      p95_ms: saturated.p95_ms,
      p99_ms: saturated.p99_ms,
      open_loop_p99_ms: open.p99_ms,
      strict_accuracy: strict.accuracy,
      strict_false_positives: strict.falsePositives,
      near_duplicate_recall: salvage.nearDuplicateRecall,
      ...repetitions,
    };
  } finally {
    await gateway.stop('SIGKILL');
    await postgres.stop();
    cache?.stop();
  }
}

async function startCache(): Promise<BenchRedis> {
  const redis = await startRedis({ maxmemory: '256mb', 'maxmemory-policy': 'allkeys-lru' });
  if (redis === undefined) throw new Error('There is no redis-server on the PATH (apt-get install redis-server).');
  return redis;
}

/** Before it is measured the gateway has compiled what it runs, as it has a minute after any start. */
async function warmUp(url: string, connections: number): Promise<void> {
  const generator = new LeadGenerator(WARM_UP_SEED);
  for (const tenant of [STRICT_TENANT, SALVAGE_TENANT]) {
    await sendLeads({
      url,
      tenant,
      connections,
      count: WARM_UP_LEADS / 2,
      leadOf: (number) => generator.lead(number),
      onAnswer: () => undefined,
    });
  }
}

function describe(report: SendReport, tally: Tally): string {
  return [
    `${report.rps}/s for ${report.seconds} s`,
    `p50 ${report.p50_ms} ms, p95 ${report.p95_ms} ms, p99 ${report.p99_ms} ms`,
    `accuracy ${tally.accuracy}`,
    `${tally.falsePositives} stopped that should pass`,
    `near-duplicates found ${tally.nearDuplicateRecall}`,
    `replays with the first answer ${tally.sameReplays} of ${tally.replays}`,
    `duplicate checks skipped ${tally.checksSkipped}`,
    `without a decision ${tally.undecided}`,
  ].join('; ');
}
