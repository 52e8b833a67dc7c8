import { createApiKey, FollowedApiKeys, revokeApiKey, type KeyHolder } from '#access';
import type { SourceId, TenantId } from '#core';
import { createLogger, createPgPool, type Pool } from '#platform';
import pg from 'pg';
import { AdminKey } from '../../libs/access/src/admin-key.js';
import { liveKeys } from '../../libs/access/src/pg-api-keys.js';
import { aTenant } from '../reading/a-lead-story.js';
import { eventually } from '../support/eventually.js';
import { leadgate, type Answer } from '../support/leadgate-cli.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { MOST_TRIES, tookAtMost } from '../support/took-at-most.js';
import { UNHURRIED } from '../support/unhurried.js';

const ACME = 'acme' as TenantId;
const OF_TENANT: KeyHolder = { scope: 'tenant', tenantId: ACME };
const OF_SOURCE: KeyHolder = { scope: 'source', tenantId: ACME, sourceId: 'acme/form' as SourceId };

let database: TestDatabase;
let pool: Pool;

beforeAll(async () => {
  database = await createTestDatabase();
  pool = createPgPool({ url: database.url, applicationName: 'access-spec', ...UNHURRIED });
  const owner = new pg.Client({ connectionString: database.ownerUrl });
  await owner.connect();
  await aTenant(owner, ACME);
  await owner.end();
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

const silent = createLogger('silent', false);
const following = (read = () => liveKeys(pool)): FollowedApiKeys => new FollowedApiKeys(read, new AdminKey('the-admin-key'), silent);
const create = async (holder: KeyHolder): Promise<{ id: string; key: string }> => {
  const { row, key } = await createApiKey(pool, { holder, name: 'spec', actor: 'cli' });
  return { id: row.id, key };
};

describe('a key', () => {
  it('opens for whom it was made, and says so', async () => {
    const keys = following();
    const [source, tenant, operator] = [await create(OF_SOURCE), await create(OF_TENANT), await create({ scope: 'operator' })];
    await keys.refresh();
    expect(keys.find(source.key)).toEqual({ scope: 'source', keyId: source.id, tenantId: 'acme', sourceId: 'acme/form' });
    expect(keys.find(tenant.key)).toEqual({ scope: 'tenant', keyId: tenant.id, tenantId: 'acme' });
    expect(keys.find(operator.key)).toEqual({ scope: 'operator', keyId: operator.id });
    expect(keys.find('the-admin-key')).toEqual({ scope: 'operator', keyId: 'admin' });
  });

  it('is lg_<id>_<secret>, and what the database holds opens nothing', async () => {
    const keys = following();
    const { id, key } = await create(OF_TENANT);
    await keys.refresh();
    expect(key).toMatch(/^lg_[0-9a-f]{16}_[\w-]{43}$/);
    const { rows } = await pool.query<{ secret_sha256: Buffer; row: string }>(
      'SELECT secret_sha256, api_keys::text AS row FROM api_keys WHERE id = $1',
      [id],
    );
    expect(rows[0]?.row).not.toContain(key.slice(20));
    for (const encoding of ['hex', 'base64', 'base64url'] as const) {
      const stored = rows[0]?.secret_sha256.toString(encoding) ?? '';
      expect(keys.find(stored)).toBeNull();
      expect(keys.find(`lg_${id}_${stored}`)).toBeNull();
    }
  });

  it('does not open with another secret, another id, or anything near it', async () => {
    const keys = following();
    const [one, other] = [await create(OF_TENANT), await create({ scope: 'operator' })];
    await keys.refresh();
    const last = one.key.at(-2) === 'A' ? 'B' : 'A';
    const near = [
      `lg_${other.id}_${one.key.slice(20)}`,
      `${one.key.slice(0, -2)}${last}${one.key.slice(-1)}`,
      one.key.slice(0, -1),
      `${one.key}A`,
      `${one.key} `,
      one.key.toUpperCase(),
      `lg_0000000000000000_${one.key.slice(20)}`,
      'lg__',
      '',
      'k'.repeat(10_000),
    ];
    for (const presented of near) expect(keys.find(presented)).toBeNull();
    expect(keys.find(one.key)).not.toBeNull();
  });

  it('is taken while running within five seconds, and refused within five when it is revoked', async () => {
    const keys = following();
    await keys.start();
    try {
      await tookAtMost(5000, async () => {
        const { key } = await create(OF_TENANT);
        await eventually('the key opens', async () => keys.find(key) ?? undefined);
      });
      const known = await Promise.all(Array.from({ length: MOST_TRIES }, () => create(OF_TENANT)));
      await eventually('they open', async () => (known.every(({ key }) => keys.find(key) !== null) ? true : undefined));
      await tookAtMost(5000, async () => {
        const { id, key } = known.pop() as (typeof known)[number];
        await revokeApiKey(pool, { id, actor: 'cli' });
        await eventually('the key is refused', async () => (keys.find(key) === null ? true : undefined));
      });
    } finally {
      await keys.stop();
    }
  });

  it('goes on opening while Postgres is away; before the first look nothing is known', async () => {
    let away = true;
    const keys = following(() => (away ? Promise.reject(new Error('away')) : liveKeys(pool)));
    const { id, key } = await create(OF_TENANT);
    await keys.refresh();
    expect([keys.ready(), keys.find(key), keys.find('the-admin-key')?.scope]).toEqual([false, null, 'operator']);
    away = false;
    await keys.refresh();
    away = true;
    await revokeApiKey(pool, { id, actor: 'cli' });
    await keys.refresh();
    expect([keys.ready(), keys.find(key)?.keyId]).toEqual([true, id]);
  });
});

describe('leadgate api-keys', () => {
  const run = (...words: string[]): Promise<Answer> => leadgate(['api-keys', ...words], { DATABASE_URL: database.url });
  const json = async <T>(...words: string[]): Promise<T> => JSON.parse((await run(...words, '--json')).said) as T;
  interface Key {
    id: string;
    key?: string;
    scope: string;
    tenant: string | null;
    source: string | null;
    name: string;
    revoked_at: string | null;
  }

  it('makes a key that is shown once, lists it without the key, and revokes it', async () => {
    const made = await json<Key>('create', '--scope', 'tenant', '--tenant', 'acme', '--name', 'CRM of Acme');
    expect(made).toMatchObject({ scope: 'tenant', tenant: 'acme', source: null, name: 'CRM of Acme', revoked_at: null });
    const keys = following();
    await keys.refresh();
    expect(keys.find(made.key ?? '')).toMatchObject({ keyId: made.id });

    const listed = await run('list');
    expect(listed.said).toMatch(new RegExp(`${made.id} +tenant +acme +CRM of Acme`));
    expect(listed.said).not.toContain(made.key?.slice(20));
    expect(JSON.stringify(await json('list'))).not.toContain(made.key?.slice(20));

    expect((await run('revoke', made.id)).said).toContain(`Key ${made.id} (tenant acme: CRM of Acme) is revoked`);
    await keys.refresh();
    expect(keys.find(made.key ?? '')).toBeNull();
    expect(await json('revoke', made.id)).toMatchObject({ ok: true, already: true });
    const { rows } = await pool.query(`SELECT tenant_id, type, actor, detail FROM audit_events WHERE detail->>'key_id' = $1 ORDER BY id`, [
      made.id,
    ]);
    expect(rows).toEqual([
      { tenant_id: 'acme', type: 'key.created', actor: 'cli', detail: { key_id: made.id, scope: 'tenant' } },
      { tenant_id: 'acme', type: 'key.revoked', actor: 'cli', detail: { key_id: made.id, scope: 'tenant' } },
    ]);
  });

  it('names a source in either way, and says when the source does not ask for keys', async () => {
    const first = await run('create', '--scope', 'source', '--source', 'acme/form', '--name', 'form');
    expect([first.code, first.said]).toEqual([0, expect.stringContaining('authentication: { kind: api_key }')]);
    expect(await json<Key>('create', '--scope', 'source', '--tenant', 'acme', '--source', 'form', '--name', 'form')).toMatchObject({
      tenant: 'acme',
      source: 'acme/form',
    });
  });

  it('keeps the events of operators’ keys in a trail of their own', async () => {
    const { id } = await json<Key>('create', '--scope', 'operator', '--name', 'support');
    const { rows } = await pool.query(`SELECT tenant_id FROM audit_events WHERE detail->>'key_id' = $1`, [id]);
    expect(rows).toEqual([{ tenant_id: '*' }]);
  });

  it('revokes by the key itself, and does not repeat it', async () => {
    const { id, key = '' } = await json<Key>('create', '--scope', 'operator', '--name', 'lost');
    const { code, said } = await run('revoke', key);
    expect([code, said]).toEqual([0, expect.stringContaining(id)]);
    expect(said).not.toContain(key.slice(20));
  });

  it.each([
    [['create'], 2, '--scope needs one of source, tenant, operator'],
    [['create', '--scope', 'admin', '--name', 'x'], 2, '--scope needs one of'],
    [['create', '--scope', 'tenant', '--name', 'x'], 2, 'needs --tenant'],
    [['create', '--scope', 'operator', '--tenant', 'acme', '--name', 'x'], 2, 'has no --tenant'],
    [['create', '--scope', 'source', '--source', 'form', '--name', 'x'], 2, 'needs --source TENANT/NAME'],
    [['create', '--scope', 'source', '--tenant', 'other', '--source', 'acme/form', '--name', 'x'], 2, 'needs --source TENANT/NAME'],
    [['create', '--scope', 'tenant', '--tenant', 'acme'], 2, '--name needs'],
    [['create', '--scope', 'tenant', '--tenant', 'nobody', '--name', 'x'], 1, 'There is no tenant nobody'],
    [['create', '--scope', 'source', '--source', 'acme/nothing', '--name', 'x'], 1, 'There is no source acme/nothing'],
    [['revoke', '0123456789abcdef'], 1, 'No key has this id'],
  ])('explains %j', async (words, code, sentence) => {
    const answer = await run(...words);
    expect([answer.code, answer.complained]).toEqual([code, expect.stringContaining(sentence)]);
  });
});
