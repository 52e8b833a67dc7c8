import { randomBytes, randomUUID } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { parse, stringify } from 'yaml';
import type { DegradedConfig, TenantConfig } from '#core';
import { startCacheRedis } from '../support/cache-redis.js';
import { eventually } from '../support/eventually.js';
import { type GatewayProcess, makeDataDir, startGateway } from '../support/gateway-process.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { hasTestRedis } from '../support/test-redis.js';

/** The tenants of this suite: t1 with another answer to an index that cannot be asked. The second of each pair has no key at first. */
const MODES: Readonly<Record<string, DegradedConfig>> = {
  flag: { mode: 'ACCEPT_WITH_FLAG' },
  refuse: { mode: 'REJECT' },
  queue: { mode: 'QUEUE', hold_seconds: 900 },
  'brief-flag': { mode: 'QUEUE', hold_seconds: 1 },
  'brief-refuse': { mode: 'QUEUE', hold_seconds: 1, fallback: 'REJECT' },
};
const KEYLESS = 'keyless-';

interface Verdict {
  readonly lead_id: string;
  readonly decision: string;
  readonly reason_codes: string[];
  readonly duplicate_check_skipped: boolean;
}

let database: TestDatabase;
let folder: Awaited<ReturnType<typeof makeDataDir>>;
let owner: pg.Pool;
let gateway: GatewayProcess;
const secret = randomBytes(32).toString('hex');

beforeAll(async () => {
  database = await createTestDatabase();
  folder = await makeDataDir();
  owner = new pg.Pool({ connectionString: database.ownerUrl, max: 3 });
  owner.on('error', () => {});
  await writeTenants(join(folder.path, 'config'));
  await writeKeys(Object.keys(MODES).map((mode) => KEYLESS + mode));
  gateway = await start();
});
afterAll(async () => {
  await gateway?.kill();
  await owner?.end();
  await database?.drop();
  await folder?.remove();
});

async function writeTenants(into: string): Promise<void> {
  await mkdir(into);
  const t1 = parse(await readFile('config/t1.yaml', 'utf8')) as TenantConfig;
  for (const [mode, degraded] of Object.entries(MODES)) {
    for (const tenant of [mode, KEYLESS + mode])
      await writeFile(join(into, `${tenant}.yaml`), stringify({ ...t1, tenant, name: tenant, policy: { ...t1.policy, degraded } }));
  }
}

/** @param without tenants that have no key */
async function writeKeys(without: readonly string[]): Promise<void> {
  const document = { current: { id: 'k1', secret }, tenants: Object.fromEntries(without.map((tenant) => [tenant, null])) };
  await writeFile(join(folder.path, 'identity-keys.json'), JSON.stringify(document), { mode: 0o600 });
}

async function start(env: Readonly<Record<string, string>> = {}): Promise<GatewayProcess> {
  const made = await startGateway({
    databaseUrl: database.url,
    dataDir: folder.path,
    env: { LEADGATE_CONFIG: join(folder.path, 'config'), LEADGATE_IDENTITY_KEYS_POLL_SECONDS: '0.2', ...env },
  });
  await eventually('the gateway is ready', async () => ((await fetch(`${made.url}/health/ready`)).ok ? true : undefined));
  return made;
}

/** Under an id of its own: what is sent again because there was no verdict in time is the same lead, not its duplicate. */
async function send(tenant: string, email: string): Promise<Verdict> {
  const answer = await gateway.post('/v1/leads/ingest', { tenant_id: tenant, source_id: randomUUID(), email });
  expect(answer.status).toBe(200);
  return (await answer.json()) as Verdict;
}

/** The index has 250 ms to answer, which a slow machine may miss now and then; whoever was not checked for that comes again. */
const checked = (tenant: string, email: string): Promise<Verdict> =>
  eventually(`the duplicate check of ${email} is made`, async () => {
    const verdict = await send(tenant, email);
    return verdict.duplicate_check_skipped ? undefined : verdict;
  });

/** Of a test that failed too: whoever comes next would wait for its lock. */
const locks: pg.PoolClient[] = [];
const unlock = async (): Promise<void> => {
  for (const client of locks.splice(0)) {
    await client.query('rollback');
    client.release();
  }
};
afterEach(unlock);

async function lockClaims(): Promise<() => Promise<void>> {
  const client = await owner.connect();
  locks.push(client);
  await client.query('begin');
  await client.query('lock table identity_claims in access exclusive mode');
  return unlock;
}

const row = async (id: string): Promise<Record<string, unknown>> =>
  (
    await owner.query<Record<string, unknown>>(
      'select status, hold_reason, decision, duplicate_check_skipped as skipped, duplicate_of, journey_no from leads where id = $1',
      [id],
    )
  ).rows[0] ?? {};
const becomes = (id: string, wanted: Record<string, unknown>): Promise<Record<string, unknown>> =>
  eventually(`the lead becomes ${JSON.stringify(wanted)}`, async () => {
    const now = await row(id);
    return Object.entries(wanted).every(([name, value]) => now[name] === value) ? now : undefined;
  });
/** A check may be skipped for another reason, too: that the machine is slow. */
const wentKeyless = async (id: string): Promise<boolean> =>
  (await owner.query(`select from journeys where lead_id = $1 and stages::text like '%no key to compare%'`, [id])).rowCount === 1;
const claimsOf = async (id: string): Promise<number> =>
  (await owner.query('select from identity_claims where lead_id = $1', [id])).rowCount ?? -1;

const DEGRADED = { duplicate_check_skipped: true, decision: 'WARN', reason_codes: ['WARN_INDEX_UNAVAILABLE'] };

describe.each([
  {
    what: 'the claims are locked',
    tenant: (mode: string) => mode,
    outage: lockClaims,
  },
  {
    what: 'the tenant has no key',
    tenant: (mode: string) => KEYLESS + mode,
    outage: async () => {
      const without = Object.keys(MODES).map((mode) => KEYLESS + mode);
      await writeKeys(without);
      await eventually('the keys are gone', async () =>
        (await wentKeyless((await send(`${KEYLESS}flag`, 'probe@example.com')).lead_id)) ? true : undefined,
      );
      return () => writeKeys([]);
    },
  },
])('$what', ({ tenant, outage }) => {
  it('ACCEPT_WITH_FLAG: the lead goes on with a warning, is checked when that is possible, and a late duplicate is recorded', async () => {
    const end = await outage();
    const first = await send(tenant('flag'), 'flag@example.com');
    const second = await send(tenant('flag'), 'FLAG@example.com');
    expect([first, second]).toMatchObject([DEGRADED, DEGRADED]);
    expect(await row(second.lead_id)).toMatchObject({ status: 'KEPT', skipped: true, duplicate_of: null });
    await end();
    await becomes(first.lead_id, { skipped: false });
    await becomes(second.lead_id, { skipped: false, status: 'KEPT', duplicate_of: first.lead_id });
    expect([await claimsOf(first.lead_id), await claimsOf(second.lead_id)]).toEqual([1, 0]);
    expect(await checked(tenant('flag'), 'flag@example.com')).toMatchObject({ decision: 'DUPLICATE_HINT', duplicate_check_skipped: false });
  });

  it('REJECT: the lead is refused, and holds nothing', async () => {
    const end = await outage();
    const refused = await send(tenant('refuse'), 'refuse@example.com');
    expect(refused).toMatchObject({ decision: 'REJECT', reason_codes: ['DEGRADED_REDIS_UNAVAILABLE'], duplicate_check_skipped: true });
    await end();
    await becomes(refused.lead_id, { status: 'REJECTED', skipped: false });
    const next = await checked(tenant('refuse'), 'refuse@example.com');
    expect(next).toMatchObject({ decision: 'PASS' });
  });

  it('QUEUE: the answer is immediate, the lead waits through a kill -9 and is decided when the index answers', async () => {
    const end = await outage();
    const waiting = await send(tenant('queue'), 'queue@example.com');
    expect(waiting).toMatchObject(DEGRADED);
    expect(await row(waiting.lead_id)).toMatchObject({ status: 'HELD', hold_reason: 'index_unavailable' });
    await gateway.kill('SIGKILL');
    gateway = await start();
    expect(await row(waiting.lead_id)).toMatchObject({ status: 'HELD', hold_reason: 'index_unavailable' });
    await end();
    await becomes(waiting.lead_id, { status: 'KEPT', decision: 'PASS', skipped: false, journey_no: 2 });
    expect(await claimsOf(waiting.lead_id)).toBe(1);
    expect(await checked(tenant('queue'), 'queue@example.com')).toMatchObject({ decision: 'DUPLICATE_HINT' });
  });

  it('QUEUE, and the index does not answer in time: the fallback holds', async () => {
    const end = await outage();
    const flagged = await send(tenant('brief-flag'), 'brief@example.com');
    const refused = await send(tenant('brief-refuse'), 'brief@example.com');
    expect([flagged, refused]).toMatchObject([DEGRADED, DEGRADED]);
    await becomes(flagged.lead_id, { status: 'KEPT', decision: 'WARN', skipped: true, journey_no: 2 });
    await becomes(refused.lead_id, { status: 'REJECTED', decision: 'REJECT', journey_no: 2 });
    await end();
    await becomes(flagged.lead_id, { skipped: false, status: 'KEPT' });
    expect(await claimsOf(flagged.lead_id)).toBe(1);
  });
});

(hasTestRedis ? describe : describe.skip)('the cache of claims in Redis', () => {
  it('stopped, flushed or frozen: no check is skipped and no decision changes', async () => {
    const cache = await startCacheRedis();
    try {
      await writeKeys([]);
      await gateway.kill();
      gateway = await start({ LEADGATE_CLAIM_ACCELERATORS: 'bloom,redis', REDIS_CACHE_URL: cache.url });
      await eventually('the cache holds the claims', async () =>
        gateway.output().includes('the cache of claims holds what Postgres holds') ? true : undefined,
      );
      let people = 0;
      const emailOf = new Map<string, string>();
      /** Somebody new twice; another one where a check was skipped, which happens to everybody if it is not for the machine. */
      const pairOf = (n: string): Promise<Verdict[]> =>
        eventually(`both of ${n} are checked`, async () => {
          const email = `${n}-${(people += 1)}@redis.example.com`;
          emailOf.set(n, email);
          const pair = [await send('flag', email), await send('flag', email)];
          return pair.some((verdict) => verdict.duplicate_check_skipped) ? undefined : pair;
        });
      const good = [
        { decision: 'PASS', duplicate_check_skipped: false },
        { decision: 'DUPLICATE_HINT', duplicate_check_skipped: false },
      ];
      expect(await pairOf('well')).toMatchObject(good);
      await cache.flush();
      expect(await pairOf('flushed')).toMatchObject(good);
      expect(await checked('flag', emailOf.get('well') ?? '')).toMatchObject(good[1] as object);
      cache.freeze();
      for (let n = 0; n < 5; n += 1) expect(await pairOf(`frozen-${n}`)).toMatchObject(good);
      cache.thaw();
      await cache.stop();
      for (let n = 0; n < 5; n += 1) expect(await pairOf(`stopped-${n}`)).toMatchObject(good);
      expect(await checked('flag', emailOf.get('frozen-1') ?? '')).toMatchObject(good[1] as object);
    } finally {
      cache.thaw();
      await cache.stop();
    }
  });
});
