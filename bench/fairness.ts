import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { BenchContext } from './bench-context.js';
import { startBenchPostgres } from './support/bench-postgres.js';
import { besideToAlone, byTurns } from './support/by-turns.js';
import { startGateway } from './support/gateway.js';
import { LeadSender, p95OfDeliveries, untilDelivered } from './support/lead-sender.js';
import { startPretendCrm } from './support/pretend-crm.js';
import { startRedis } from './support/redis.js';
import { sendLoad } from './support/send-load.js';
import { median, rounded } from './support/statistics.js';

/** Leads a second. The other tenant sends 95 % of all, and both together less than the machine can do: what is measured is waiting, not computing. */
const OWN_PER_SECOND = 5;
const OTHERS_PER_SECOND = 95;
/** What the other tenant sends as fast as it is answered. */
const FLOOD = 3000;
/**
 * Of each tenant, of persons whom nothing is measured of: what is hot in a process that starts is compiled during its first ten thousand leads,
 * which costs it more than they do. An operator meets it as it is afterwards.
 */
const WARM_UP = 6000;
const TICK_MS = 5;

/** Alone, beside another tenant that sends 95 % of all leads, with as many leads all of its own, and while the other sends a flood at once. */
const WAYS = ['alone', 'beside', 'all_own', 'flood'] as const;

/**
 * How long a lead of one tenant takes from its arrival to its delivery, whatever another tenant sends. Each has a CRM of its own. As many leads of its
 * own are as much computing; `ratio_to_all_own` is what it adds that most of them are another tenant's.
 */
export async function benchFairness({ root, rounds, seconds, say }: BenchContext): Promise<object> {
  const redis = await startRedis({ 'maxmemory-policy': 'noeviction' });
  const postgres = await startBenchPostgres(root);
  const stops: (() => unknown)[] = [() => redis?.stop(), () => postgres.stop()];
  try {
    const crms = { own: await startPretendCrm('takes'), other: await startPretendCrm('takes') };
    stops.push(crms.own.stop, crms.other.stop);
    const gateway = await startGateway(root, postgres, {
      LEADGATE_CONFIG: await writeConfig(root, postgres.dataDir, { own: crms.own.url, other: crms.other.url }),
      LEADGATE_ALLOWED_PRIVATE_ADDRESSES: '127.0.0.1',
      ...(redis === undefined ? {} : { REDIS_URL: redis.url }),
    });
    stops.push(() => gateway.stop('SIGKILL'));
    const own = new LeadSender(gateway.url, '/own');
    const other = new LeadSender(gateway.url, '/other', 1_000_000);
    await sendLoad(root, { url: `${gateway.url}/own`, count: WARM_UP, seed: 38 });
    await sendLoad(root, { url: `${gateway.url}/other`, count: WARM_UP, seed: 39 });
    let sent = 2 * WARM_UP;
    await untilDelivered(postgres, sent);

    const floods: number[] = [];
    const seen = await byTurns({ rounds, ways: WAYS, say }, async (way) => {
      const [{ now } = { now: '' }] = await postgres.query<{ now: string }>('select clock_timestamp()::text as now');
      const began = performance.now();
      const flood = way === 'flood' ? other.send('flood', FLOOD).then(() => FLOOD) : Promise.resolve(0);
      const counts = await Promise.all([
        steadily(own, way === 'all_own' ? OWN_PER_SECOND + OTHERS_PER_SECOND : OWN_PER_SECOND, seconds),
        way === 'beside' ? steadily(other, OTHERS_PER_SECOND, seconds) : flood,
      ]);
      sent += counts[0] + counts[1];
      await untilDelivered(postgres, sent);
      if (way === 'flood') floods.push((performance.now() - began) / 1000);
      return p95OfDeliveries(postgres, 'own/crm', now);
    });
    const { ratio, ratios } = besideToAlone({ alone: seen.all_own, beside: seen.beside });
    const allOwn = { all_own_p95_ms: rounded(median(seen.all_own), 1), ratio_to_all_own: ratio, ratios_to_all_own: ratios };
    return { ...besideToAlone(seen), ...allOwn, flood_p95_ms: rounded(median(seen.flood), 1), flood_seconds: rounded(median(floods), 1) };
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
