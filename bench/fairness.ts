import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { BenchContext } from './bench-context.js';
import { startBenchPostgres } from './support/bench-postgres.js';
import { startGateway } from './support/gateway.js';
import { LeadSender, p95OfDeliveries, untilDelivered } from './support/lead-sender.js';
import { startPretendCrm } from './support/pretend-crm.js';
import { startRedis } from './support/redis.js';
import { median, rounded } from './support/statistics.js';

/** Leads a second. The other tenant sends 95 % of all, and both together less than the machine can do: what is measured is waiting, not computing. */
const OWN_PER_SECOND = 5;
const OTHERS_PER_SECOND = 95;
/** What the other tenant sends as fast as it is answered. */
const FLOOD = 3000;
const WARM_UP = 200;
const TICK_MS = 20;

const WAYS = ['alone', 'beside', 'flood'] as const;
type Way = (typeof WAYS)[number];

/**
 * How long a lead of one tenant takes from its arrival to its delivery: alone, beside another tenant that sends 95 % of all leads, and while that
 * one sends a flood at once. Each has a CRM of its own.
 */
export async function benchFairness({ root, rounds, seconds, say }: BenchContext): Promise<object> {
  const redis = await startRedis({ 'maxmemory-policy': 'noeviction' });
  const seen: Record<Way, number[]> = { alone: [], beside: [], flood: [] };
  const floods: number[] = [];
  try {
    for (let round = 1; round <= rounds; round += 1) {
      for (const way of round % 2 === 1 ? WAYS : [...WAYS].reverse()) {
        const { p95, floodSeconds } = await oneRound(root, { redisUrl: redis?.url, seconds, way });
        seen[way].push(p95);
        if (way === 'flood') floods.push(floodSeconds);
        say(`round ${round}/${rounds} ${way.padEnd(6)} p95 ${rounded(p95, 1)} ms`);
      }
    }
  } finally {
    redis?.stop();
  }
  const ratios = seen.beside.map((beside, round) => beside / (seen.alone[round] ?? Number.NaN));
  return {
    alone_p95_ms: rounded(median(seen.alone), 1),
    beside_p95_ms: rounded(median(seen.beside), 1),
    ratio: rounded(median(ratios), 3),
    ratios: ratios.map((ratio) => rounded(ratio, 3)),
    flood_p95_ms: rounded(median(seen.flood), 1),
    flood_seconds: rounded(median(floods), 1),
  };
}

interface Round {
  readonly redisUrl: string | undefined;
  readonly seconds: number;
  readonly way: Way;
}

async function oneRound(root: string, { redisUrl, seconds, way }: Round): Promise<{ p95: number; floodSeconds: number }> {
  const postgres = await startBenchPostgres(root);
  const stops: (() => unknown)[] = [() => postgres.stop()];
  try {
    const crms = { own: await startPretendCrm('takes'), other: await startPretendCrm('takes') };
    stops.push(crms.own.stop, crms.other.stop);
    const gateway = await startGateway(root, postgres, {
      LEADGATE_CONFIG: await writeConfig(root, postgres.dataDir, { own: crms.own.url, other: crms.other.url }),
      LEADGATE_ALLOWED_PRIVATE_ADDRESSES: '127.0.0.1',
      ...(redisUrl === undefined ? {} : { REDIS_URL: redisUrl }),
    });
    stops.push(() => gateway.stop('SIGKILL'));
    const senders = { own: new LeadSender(gateway.url, '/own'), other: new LeadSender(gateway.url, '/other', 1_000_000) };
    await Promise.all([senders.own.send('warm-up', WARM_UP), senders.other.send('warm-up', WARM_UP)]);
    await untilDelivered(postgres, 2 * WARM_UP);
    const [{ now } = { now: '' }] = await postgres.query<{ now: string }>('select clock_timestamp()::text as now');
    const began = performance.now();
    const others = way === 'flood' ? senders.other.send('flood', FLOOD).then(() => FLOOD) : Promise.resolve(0);
    const sent = await Promise.all([
      steadily(senders.own, OWN_PER_SECOND, seconds),
      way === 'beside' ? steadily(senders.other, OTHERS_PER_SECOND, seconds) : others,
    ]);
    await untilDelivered(postgres, 2 * WARM_UP + sent[0] + sent[1]);
    return { p95: await p95OfDeliveries(postgres, 'own/crm', now), floodSeconds: (performance.now() - began) / 1000 };
  } finally {
    for (const stop of stops.reverse()) await stop();
  }
}

/** The demo tenant twice, each with a source and a destination of its own. */
async function writeConfig(root: string, dataDir: string, urls: Readonly<Record<string, string>>): Promise<string> {
  const folder = join(dataDir, 'config');
  await mkdir(folder);
  await copyFile(join(root, 'config', 'solar-attributes.json'), join(folder, 'solar-attributes.json'));
  const demo = await readFile(join(root, 'config', 'demo.yaml'), 'utf8');
  const shared = demo.slice(demo.indexOf('\nrules:\n'), demo.indexOf('\ndestinations:\n'));
  for (const [tenant, url] of Object.entries(urls)) {
    const source = {
      name: 'webhook',
      kind: 'json',
      path: `/${tenant}`,
      answers: 'webhook',
      open: true,
      authentication: { kind: 'none' },
      phone_region: 'DE',
      idempotency: { ttl_hours: 24, invalid_key: 'ignore' },
    };
    const destination = {
      name: 'crm',
      kind: 'http',
      url,
      authentication: { kind: 'none' },
      mapping: 'customer',
      answers: 'standard',
      effect: 'keyed',
    };
    // Every JSON value is YAML.
    await writeFile(
      join(folder, `${tenant}.yaml`),
      `tenant: ${tenant}\nname: ${tenant}\nsources: ${JSON.stringify([source])}\n${shared}\ndestinations: ${JSON.stringify([destination])}\n`,
    );
  }
  return folder;
}

/** @returns how many were sent */
async function steadily(sender: LeadSender, perSecond: number, seconds: number): Promise<number> {
  const began = performance.now();
  const answers: Promise<void>[] = [];
  for (let passed = 0; passed < seconds * 1000; passed = performance.now() - began) {
    for (let due = Math.floor((perSecond * passed) / 1000) - answers.length; due > 0; due -= 1) answers.push(sender.send('steady', 1));
    await pause(TICK_MS);
  }
  await Promise.all(answers);
  return answers.length;
}
