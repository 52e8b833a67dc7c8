import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { BenchContext } from './bench-context.js';
import { startBenchPostgres } from './support/bench-postgres.js';
import { besideToAlone, byTurns } from './support/by-turns.js';
import { startGateway } from './support/gateway.js';
import { type CrmManner, startPretendCrm } from './support/pretend-crm.js';
import { startRedis } from './support/redis.js';
import { LeadSender, p95OfDeliveries, untilDelivered } from './support/lead-sender.js';
import { median, rounded } from './support/statistics.js';

/** Leads a second to the healthy destination: far below what the machine can do, so that what is measured is waiting, not computing. */
const HEALTHY_PER_SECOND = 40;
/** The same to each of the others, besides what waits for them when the measurement begins. */
const TROUBLED_PER_SECOND = 4;
const BACKLOG = 300;
/** The first leads of a process find cold code: what is hot is compiled during some thousands, at the cost of those that come meanwhile. */
const WARM_UP = 5000;
/** In flight at once, as without `concurrency` in the configuration. */
const HANGING_CALLS = 32;
const HALF_A_GAP_MS = 500 / HEALTHY_PER_SECOND;
const TICK_MS = 5;
const HEALTHY = 'demo/healthy';

/** Alone, beside two that are sick, and beside the same two while they are well. */
const WAYS = ['alone', 'beside', 'well'] as const;
type Way = (typeof WAYS)[number];
type Manners = Readonly<Record<'healthy' | 'hanging' | 'failing', CrmManner>>;
const SICK: Manners = { healthy: 'takes', hanging: 'hangs', failing: 'fails' };
const WELL: Manners = { healthy: 'takes', hanging: 'takes', failing: 'takes' };

/**
 * How long a lead takes to a healthy destination, from its arrival to its delivery: alone, and beside a destination that never answers and one
 * that answers 500, each with a backlog. Their breakers are off: an open one would end the disturbance that is measured. Leads for others are
 * work for this machine also when those are well; `ratio_to_well` is what their sickness adds to that.
 */
export async function benchIsolation({ root, rounds, seconds, say }: BenchContext): Promise<object> {
  const redis = await startRedis({ 'maxmemory-policy': 'noeviction' });
  try {
    const seen = await byTurns({ rounds, ways: WAYS, say }, (way) => oneRound(root, { redisUrl: redis?.url, seconds, way }));
    const { ratio, ratios } = besideToAlone({ alone: seen.well, beside: seen.beside });
    return { ...besideToAlone(seen), well_p95_ms: rounded(median(seen.well), 1), ratio_to_well: ratio, ratios_to_well: ratios };
  } finally {
    redis?.stop();
  }
}

interface Round {
  readonly redisUrl: string | undefined;
  readonly seconds: number;
  readonly way: Way;
}

async function oneRound(root: string, { redisUrl, seconds, way }: Round): Promise<number> {
  const postgres = await startBenchPostgres(root);
  const stops: (() => unknown)[] = [() => postgres.stop()];
  try {
    const urls: Record<string, string> = {};
    const calls: Record<string, () => number> = {};
    for (const [name, manner] of Object.entries(way === 'well' ? WELL : SICK)) {
      const crm = await startPretendCrm(manner);
      stops.push(crm.stop);
      urls[name] = crm.url;
      calls[name] = crm.calls;
    }
    const gateway = await startGateway(root, postgres, {
      LEADGATE_CONFIG: await writeConfig(root, postgres.dataDir, urls),
      LEADGATE_ALLOWED_PRIVATE_ADDRESSES: '127.0.0.1',
      ...(redisUrl === undefined ? {} : { REDIS_URL: redisUrl }),
    });
    stops.push(() => gateway.stop('SIGKILL'));
    const sender = new LeadSender(gateway.url, '/webhooks/leads');
    await sender.send('healthy', WARM_UP);
    await untilDelivered(postgres, WARM_UP, HEALTHY);
    if (way !== 'alone') {
      await Promise.all([sender.send('hanging', BACKLOG), sender.send('failing', BACKLOG)]);
      const hangs = way === 'beside' ? HANGING_CALLS : BACKLOG;
      // One is as full as it gets, of the other every lead failed once: what is measured is what they are, not how they became so.
      while ((calls['hanging']?.() ?? 0) < hangs || (calls['failing']?.() ?? 0) < BACKLOG) await pause(TICK_MS);
    }
    const [{ now } = { now: '' }] = await postgres.query<{ now: string }>('select clock_timestamp()::text as now');
    const sent = await steadily(sender, seconds, way !== 'alone');
    await untilDelivered(postgres, WARM_UP + sent, HEALTHY);
    return await p95OfDeliveries(postgres, HEALTHY, now);
  } finally {
    for (const stop of stops.reverse()) await stop();
  }
}

/** The demo tenant with three destinations; `utm_source` of a lead names the one it goes to. */
async function writeConfig(root: string, dataDir: string, urls: Readonly<Record<string, string>>): Promise<string> {
  const folder = join(dataDir, 'config');
  await mkdir(folder);
  await copyFile(join(root, 'config', 'solar-attributes.json'), join(folder, 'solar-attributes.json'));
  const demo = await readFile(join(root, 'config', 'demo.yaml'), 'utf8');
  const before = demo.slice(0, demo.indexOf('\ndestinations:\n'));
  const routes = Object.keys(urls).map((name) => ({ name, when: [{ field: ['utm_source'], check: 'equals', value: name }], to: [name] }));
  const destinations = Object.entries(urls).map(([name, url]) => ({
    name,
    kind: 'http',
    url,
    authentication: { kind: 'none' },
    mapping: 'customer',
    answers: 'standard',
    effect: 'keyed',
    breaker: { off: true },
  }));
  // Every JSON value is YAML.
  await writeFile(
    join(folder, 'demo.yaml'),
    `${before}\nroutes: ${JSON.stringify(routes)}\ndestinations: ${JSON.stringify(destinations)}\n`,
  );
  return folder;
}

/** @returns how many went to the healthy destination */
async function steadily(sender: LeadSender, seconds: number, beside: boolean): Promise<number> {
  const began = performance.now();
  const sent = { healthy: 0, hanging: 0, failing: 0 };
  const answers: Promise<void>[] = [];
  const upTo = (destination: keyof typeof sent, perSecond: number, passed: number): void => {
    const due = Math.max(0, Math.floor((perSecond * passed) / 1000) - sent[destination]);
    sent[destination] += due;
    for (let n = 0; n < due; n += 1) answers.push(sender.send(destination, 1));
  };
  for (let passed = 0; passed < seconds * 1000; passed = performance.now() - began) {
    upTo('healthy', HEALTHY_PER_SECOND, passed);
    // Between two of the others: of leads that come at the same moment each computes while the next one waits, whoever they are for.
    if (beside) upTo('hanging', TROUBLED_PER_SECOND, passed - HALF_A_GAP_MS);
    if (beside) upTo('failing', TROUBLED_PER_SECOND, passed - HALF_A_GAP_MS - 500 / TROUBLED_PER_SECOND);
    await pause(TICK_MS);
  }
  await Promise.all(answers);
  return sent.healthy;
}
