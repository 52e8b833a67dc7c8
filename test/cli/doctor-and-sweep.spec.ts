import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { aTenantFile } from '../../libs/platform/src/config/testing/a-tenant-file.js';
import { leadgate } from '../support/leadgate-cli.js';
import { eventually } from '../support/eventually.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { startCacheRedis } from '../support/cache-redis.js';
import { hasTestRedis, testRedisUrl } from '../support/test-redis.js';

interface Finding {
  readonly about: string;
  readonly level: 'good' | 'warn' | 'bad';
  readonly says: string;
  readonly mend?: string;
}

let database: TestDatabase;
let folder: string;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'leadgate-doctor-'));
  writeFileSync(join(folder, 'acme.json'), JSON.stringify(aTenantFile()));
});
afterEach(() => rmSync(folder, { recursive: true }));

async function examine(env: Record<string, string> = {}): Promise<{ code: number; ok: boolean; findings: Finding[] }> {
  const { code, said } = await leadgate(['doctor', '--json'], {
    DATABASE_URL: database.url,
    MIGRATE_DATABASE_URL: database.ownerUrl,
    LEADGATE_CONFIG: folder,
    ...env,
  });
  return { code, ...(JSON.parse(said) as { ok: boolean; findings: Finding[] }) };
}
const about = (findings: readonly Finding[], what: string, level?: Finding['level']): string[] =>
  findings.filter((finding) => finding.about === what && (level === undefined || finding.level === level)).map(({ says }) => says);

describe('leadgate doctor', () => {
  it('finds nothing bad where nothing is, and says that nothing is active yet', async () => {
    const { code, ok, findings } = await examine();
    expect(findings.filter(({ level }) => level === 'bad')).toEqual([]);
    expect({ code, ok }).toEqual({ code: 0, ok: true });
    expect(about(findings, 'postgres', 'good')).toEqual([
      expect.stringMatching(/^answers; version 1[4-9]/),
      expect.stringContaining('a commit is on disk before it is confirmed'),
      expect.stringMatching(/^every migration is applied \(\d+\)$/),
    ]);
    expect(about(findings, 'clock', 'good')).toHaveLength(1);
    expect(about(findings, 'queue')).toEqual([expect.stringContaining('the queue is in Postgres')]);
    expect(about(findings, 'configuration', 'warn')).toEqual(['no tenant has an active version yet']);
  });

  it('names sources without authentication and whom they answer, in one finding for all that are alike', async () => {
    const [source] = aTenantFile().sources as { authentication: object }[];
    const file = aTenantFile({
      sources: [
        source,
        { ...source, name: 'open', path: '/in/open', open: true },
        { ...source, name: 'empty', path: '/in/empty', authentication: { kind: 'shared_secret', secret: 'env:NO_SUCH_SECRET|' } },
        { ...source, name: 'closed', path: '/in/closed', authentication: { kind: 'shared_secret', secret: 'env:NO_SUCH_SECRET|s' } },
      ] as never,
    });
    writeFileSync(join(folder, 'acme.json'), JSON.stringify(file));
    expect((await leadgate(['config', 'apply', join(folder, 'acme.json')], { DATABASE_URL: database.url })).code).toBe(0);
    expect(about((await examine()).findings, 'sources', 'warn')).toEqual([
      'without authentication, and open: true answers everybody: acme/open (/in/open)',
      'without authentication, so only programs on this machine that come without a proxy are answered: acme/webhook (/in/acme), acme/empty (/in/empty)',
    ]);
  });

  it('lists every problem of settings and files, with what mends it, and goes no further than it can', async () => {
    const { code, findings } = await examine({ PORT: 'x', LEADGATE_PROT: '1' });
    expect(code).toBe(1);
    expect(findings.map(({ level, says }) => `${level} ${says}`)).toEqual([
      'bad PORT must be a whole number from 0 to 65535, but is "x".',
      'warn LEADGATE_PROT is set but nothing reads it; did you mean PORT?',
    ]);
    expect(findings.every(({ mend }) => mend !== undefined)).toBe(true);

    writeFileSync(join(folder, 'acme.json'), '{');
    expect(about((await examine()).findings, 'configuration', 'bad')).toEqual([expect.stringMatching(/^acme\.json: is not valid JSON/)]);
  });

  it('warns when the gateway owns its tables', async () => {
    expect(about((await examine({ MIGRATE_DATABASE_URL: '' })).findings, 'settings', 'warn')).toEqual([
      expect.stringMatching(/^DATABASE_URL also migrates/),
    ]);
  });

  it('names migrations that are not applied', async () => {
    const empty = Object.assign(new URL(database.url), { pathname: '/postgres' }).href;
    const { code, findings } = await examine({ DATABASE_URL: empty });
    expect(code).toBe(1);
    expect(about(findings, 'postgres', 'bad')).toEqual([expect.stringMatching(/migrations are not applied: 2026/)]);
  });

  it('names a Postgres that does not keep what it confirms', async () => {
    const owner = new pg.Client({ connectionString: database.url });
    await owner.connect();
    await owner.query('ALTER ROLE CURRENT_USER IN DATABASE ' + new URL(database.url).pathname.slice(1) + ' SET synchronous_commit = off');
    await owner.end();
    const { findings } = await examine();
    expect(about(findings, 'postgres', 'bad')).toEqual([expect.stringContaining('synchronous_commit is off for this role')]);
  });

  it('says when Redis or Postgres does not answer', async () => {
    expect(about((await examine({ REDIS_URL: 'redis://127.0.0.1:1' })).findings, 'queue', 'bad')).toEqual([
      'Redis does not answer at REDIS_URL',
    ]);
    const { code, findings } = await examine({ DATABASE_URL: 'postgresql://nobody:secret@127.0.0.1:1/leadgate' });
    expect(code).toBe(1);
    expect(about(findings, 'postgres', 'bad')).toEqual([expect.stringMatching(/^Postgres does not answer: connect ECONNREFUSED/)]);
  });

  it('says of a cache that nothing uses that it is for nothing', async () => {
    expect(about((await examine({ REDIS_CACHE_URL: 'redis://127.0.0.1:1' })).findings, 'cache', 'warn')).toEqual([
      expect.stringContaining('LEADGATE_CLAIM_ACCELERATORS does not name redis'),
    ]);
  });

  it('reads well', async () => {
    const { said } = await leadgate(['doctor'], { DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/leadgate', LEADGATE_CONFIG: folder });
    expect(said).toMatch(/^ok {4}settings {7}every setting can be used\n/);
    expect(said).toMatch(/\nBAD {3}postgres {7}Postgres does not answer: [^\n]*\n {21}→ until then/);
    expect(said).toMatch(/\n1 bad, 1 warning, 2 good\n$/);
  });
});

/** Without a Redis in this run there is nothing to ask; `npm test` says loudly when that is so. */
if (hasTestRedis) {
  describe('leadgate doctor with Redis', () => {
    /** Of a Redis that runs. It is given two seconds for an answer, and on a machine that stands still for as long it is asked again. */
    const answered = (what: string, level: Finding['level'], env: Record<string, string>): Promise<string[]> =>
      eventually(`Redis answers, and something about the ${what} is ${level}`, async () => {
        const { findings } = await examine(env);
        const isSilent = about(findings, what).some((says) => says.startsWith('Redis does not answer'));
        return isSilent || about(findings, what, level).length === 0 ? undefined : about(findings, what, level);
      });

    it('says that it answers and keeps its jobs', async () => {
      expect(await answered('queue', 'good', { REDIS_URL: testRedisUrl() })).toEqual([
        'Redis answers and never evicts a job (maxmemory-policy noeviction)',
      ]);
    });

    it('says of the cache of claims whether it answers, is bounded, may forget and is not the queue’s', async () => {
      const cached = (url: string): Record<string, string> => ({ LEADGATE_CLAIM_ACCELERATORS: 'redis', REDIS_CACHE_URL: url });
      const bounded = await startCacheRedis();
      expect(await answered('cache', 'good', cached(bounded.url))).toHaveLength(1);
      expect(await answered('cache', 'bad', { ...cached(bounded.url), REDIS_URL: `${bounded.url}/1` })).toEqual([
        'REDIS_CACHE_URL is the Redis of the queue, which must never forget',
      ]);
      await bounded.stop();
      expect(about((await examine(cached(bounded.url))).findings, 'cache', 'warn')).toEqual(['Redis does not answer at REDIS_CACHE_URL']);
      const greedy = await startCacheRedis({ maxmemory: '0', 'maxmemory-policy': 'noeviction' });
      expect(await answered('cache', 'warn', cached(greedy.url))).toEqual([
        'its memory has no limit (maxmemory 0)',
        'it keeps everything until it is full (maxmemory-policy noeviction)',
      ]);
      await greedy.stop();
    });
  });
}

describe('leadgate sweep', () => {
  it('says how much went', async () => {
    const client = new pg.Client({ connectionString: database.url });
    await client.connect();
    await client.query(
      `INSERT INTO idempotency_records (tenant_id, source_id, key_sha256, body_fingerprint, lead_id, expires_at)
       SELECT 'acme', 'acme/webhook', '\\x01', '', gen_random_uuid(), now() - interval '2 hours'`,
    );
    await client.end();
    const env = { DATABASE_URL: database.url };
    expect((await leadgate(['sweep'], env)).said).toMatch(
      /^1 {3}idempotency records that expired more than an hour ago\n0 {3}claims that expired more than a day ago\n0 {3}refused requests/,
    );
    expect(JSON.parse((await leadgate(['sweep', '--json'], env)).said)).toEqual({
      ok: true,
      elsewhere: false,
      rows: { idempotency_records: 0, expired_claims: 0, quarantine: 0, excerpts_of_erased_leads: 0, old_excerpts: 0, operator_events: 0 },
    });
  });
});
