import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { BenchContext } from './bench-context.js';
import { type BenchPostgres, startBenchPostgres } from './support/bench-postgres.js';
import { besideToAlone, byTurns } from './support/by-turns.js';
import { startGateway } from './support/gateway.js';
import { type CrmManner, type PretendCrm, startPretendCrm } from './support/pretend-crm.js';
import { startRedis } from './support/redis.js';
import { LeadSender, p95OfDeliveries, untilDelivered } from './support/lead-sender.js';
import { median, rounded } from './support/statistics.js';

/** Leads a second to the healthy destination: far below what the machine can do, so that what is measured is waiting, not computing. */
const HEALTHY_PER_SECOND = 40;
/** The same to each of the others, besides what waits for them when the measurement begins. */
const OTHERS_PER_SECOND = 4;
const BACKLOG = 300;
/** The first leads of a process find cold code: what is hot is compiled during some thousands, at the cost of those that come meanwhile. */
const WARM_UP = 5000;
/** In flight at once, as without `concurrency` in the configuration. */
const HANGING_CALLS = 32;
const HURRY = `update deliveries set next_attempt_at = clock_timestamp() where status = 'RETRYING' and next_attempt_at > clock_timestamp()`;
const HURRY_EVERY_MS = 200;
const HALF_A_GAP_MS = 500 / HEALTHY_PER_SECOND;
const TICK_MS = 5;

/** Alone, beside two that are sick, and beside the same two while they are well. */
const WAYS = ['alone', 'beside', 'well'] as const;
type Way = (typeof WAYS)[number];
type Name = 'healthy' | 'hanging' | 'failing';
const WELL: Readonly<Record<Name, CrmManner>> = { healthy: 'takes', hanging: 'takes', failing: 'takes' };
const SICK: Readonly<Record<Name, CrmManner>> = { ...WELL, hanging: 'hangs', failing: 'fails' };

/** What is measured, as it stands between two measurements: everything that was sent is delivered. */
interface Bench {
  readonly postgres: BenchPostgres;
  readonly crms: Readonly<Record<Name, PretendCrm>>;
  readonly sender: LeadSender;
  readonly seconds: number;
}

/**
 * How long a lead takes to a healthy destination, from its arrival to its delivery: alone, and beside a destination that never answers and one
 * that answers 500, each with a backlog. Their breakers are off: an open one would end the disturbance that is measured. Leads for others are
 * work for this machine also when those are well; `ratio_to_well` is what their sickness adds to that.
 *
 * One process for all of it, because two that start alike do not end up alike: how V8 compiled them showed more than who was sick.
 */
export async function benchIsolation({ root, rounds, seconds, say }: BenchContext): Promise<object> {
  const redis = await startRedis({ 'maxmemory-policy': 'noeviction' });
  const postgres = await startBenchPostgres(root);
  const stops: (() => unknown)[] = [() => redis?.stop(), () => postgres.stop()];
  try {
    const crms = {
      healthy: await startPretendCrm('takes'),
      hanging: await startPretendCrm('takes'),
      failing: await startPretendCrm('takes'),
    };
    stops.push(...Object.values(crms).map((crm) => crm.stop));
    const gateway = await startGateway(root, postgres, {
      LEADGATE_CONFIG: await writeConfig(root, postgres.dataDir, crms),
      LEADGATE_ALLOWED_PRIVATE_ADDRESSES: '127.0.0.1',
      ...(redis === undefined ? {} : { REDIS_URL: redis.url }),
    });
    stops.push(() => gateway.stop('SIGKILL'));
    const bench = { postgres, crms, seconds, sender: new LeadSender(gateway.url, '/webhooks/leads') };
    await bench.sender.send('healthy', WARM_UP);
    await everythingDelivered(bench);

    const seen = await byTurns({ rounds, ways: WAYS, say }, (way) => measure(bench, way));
    const { ratio, ratios } = besideToAlone({ alone: seen.well, beside: seen.beside });
    return { ...besideToAlone(seen), well_p95_ms: rounded(median(seen.well), 1), ratio_to_well: ratio, ratios_to_well: ratios };
  } finally {
    for (const stop of stops.reverse()) await stop();
  }
}

async function measure(bench: Bench, way: Way): Promise<number> {
  const { postgres, crms } = bench;
  if (way === 'beside') become(crms, SICK);
  if (way !== 'alone') await pileUp(bench, way);
  const [{ now } = { now: '' }] = await postgres.query<{ now: string }>('select clock_timestamp()::text as now');
  await steadily(bench, way !== 'alone');
  become(crms, WELL);
  await everythingDelivered(bench);
  return p95OfDeliveries(postgres, 'demo/healthy', now);
}

function become(crms: Bench['crms'], manners: Readonly<Record<Name, CrmManner>>): void {
  for (const [name, manner] of Object.entries(manners)) crms[name as Name].become(manner);
}

/** Until one is as full as it gets, and of the other every lead failed once: what is measured is what they are, not how they became so. */
async function pileUp({ crms: { hanging, failing }, sender }: Bench, way: Way): Promise<void> {
  const enough = { hanging: hanging.calls() + (way === 'beside' ? HANGING_CALLS : BACKLOG), failing: failing.calls() + BACKLOG };
  await Promise.all([sender.send('hanging', BACKLOG), sender.send('failing', BACKLOG)]);
  while (hanging.calls() < enough.hanging || failing.calls() < enough.failing) await pause(TICK_MS);
}

/** What the failing one refused waits for half a minute otherwise; nothing of it may be left when the next one is measured. */
async function everythingDelivered({ postgres, sender }: Bench): Promise<void> {
  const hurry = setInterval(() => void postgres.query(HURRY).catch(() => {}), HURRY_EVERY_MS);
  await untilDelivered(postgres, sender.count).finally(() => clearInterval(hurry));
}

/** The demo tenant with three destinations; `utm_source` of a lead names the one it goes to. */
async function writeConfig(root: string, dataDir: string, crms: Bench['crms']): Promise<string> {
  const folder = join(dataDir, 'config');
  await mkdir(folder);
  await copyFile(join(root, 'config', 'solar-attributes.json'), join(folder, 'solar-attributes.json'));
  const demo = await readFile(join(root, 'config', 'demo.yaml'), 'utf8');
  const before = demo.slice(0, demo.indexOf('\ndestinations:\n'));
  const routes = Object.keys(crms).map((name) => ({ name, when: [{ field: ['utm_source'], check: 'equals', value: name }], to: [name] }));
  const destinations = Object.entries(crms).map(([name, { url }]) => ({
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

/** Leads at even intervals for as long as is measured. */
async function steadily({ sender, seconds }: Bench, others: boolean): Promise<void> {
  const began = performance.now();
  const sent = { healthy: 0, hanging: 0, failing: 0 };
  const answers: Promise<void>[] = [];
  const upTo = (destination: Name, perSecond: number, passed: number): void => {
    const due = Math.max(0, Math.floor((perSecond * passed) / 1000) - sent[destination]);
    sent[destination] += due;
    for (let n = 0; n < due; n += 1) answers.push(sender.send(destination, 1));
  };
  for (let passed = 0; passed < seconds * 1000; passed = performance.now() - began) {
    upTo('healthy', HEALTHY_PER_SECOND, passed);
    // Between two of the others: of leads that come at the same moment each computes while the next one waits, whoever they are for.
    if (others) upTo('hanging', OTHERS_PER_SECOND, passed - HALF_A_GAP_MS);
    if (others) upTo('failing', OTHERS_PER_SECOND, passed - HALF_A_GAP_MS - 500 / OTHERS_PER_SECOND);
    await pause(TICK_MS);
  }
  await Promise.all(answers);
}
