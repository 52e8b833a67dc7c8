import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import type { TenantId } from '#core';
import { fingerprintsOf, retireKey } from '#keys';
import { leadgate } from '../support/leadgate-cli.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { aHost, type Host } from './support/key-world.js';

const TENANT = 'acme' as TenantId;
let database: TestDatabase;
let pool: pg.Pool;
let hosts: Host[] = [];

beforeEach(async () => {
  database = await createTestDatabase();
  pool = new pg.Pool({ connectionString: database.url, max: 10 });
});
afterEach(async () => {
  await Promise.all(hosts.map((host) => host.end()));
  hosts = [];
  await pool.end();
  await database.drop();
});

async function host(): Promise<Host> {
  const made = await aHost(pool);
  hosts.push(made);
  return made;
}
const doctor = async ({ dataDir }: Host): Promise<string> =>
  (await leadgate(['doctor'], { DATABASE_URL: database.url, MIGRATE_DATABASE_URL: database.ownerUrl, LEADGATE_DATA_DIR: dataDir })).said;

describe('processes that compare identities share a key, or do not compare', () => {
  it('twenty processes of ten hosts start at once, each host with a key of its own: those of one host compare, the others say what to copy', async () => {
    const all = await Promise.all(Array.from({ length: 10 }, () => host()));
    const processes = all.flatMap((one) => [one.process(), one.process()]);
    await Promise.all(processes.map((one) => one.refresh()));
    const comparing = processes.filter((one) => one.ringOf(TENANT) !== null);
    expect(comparing).toHaveLength(2);
    expect(new Set(comparing.map((one) => one.ringOf(TENANT)?.current.id)).size).toBe(1);
    expect((await pool.query('select key_id from identity_keys')).rows).toEqual([{ key_id: comparing[0]?.ringOf(TENANT)?.current.id }]);
    for (const other of processes.filter((one) => one.ringOf(TENANT) === null)) {
      expect(await other.probe()).toMatchObject({
        status: 'degraded',
        detail: expect.stringMatching(/does not have the key .*copy identity-keys\.json/) as string,
      });
    }
  });

  it('after the file was copied the second host compares, without a restart, and finds the same fingerprints', async () => {
    const [first, second] = [await host(), await host()];
    const [one, two] = [first.process(), second.process()];
    await one.refresh();
    await two.refresh();
    expect(two.ringOf(TENANT)).toBeNull();
    expect(await doctor(second)).toMatch(/BAD {3}keys .*does not have the key/);
    await second.put(await first.keys());
    await two.refresh();
    const identity = { kind: 'email', value: 'anna@example.com' } as const;
    const of = (process: typeof one) => fingerprintsOf(process.ringOf(TENANT)!, TENANT, [identity])[0]?.value;
    expect(of(two)).toEqual(of(one));
    expect(await two.probe()).toEqual({ status: 'up' });
    expect(await doctor(second)).toMatch(/ok {4}keys .*identities are compared with the keys in/);
  });

  it('a process with another key under the same id is told apart', async () => {
    const [first, second] = [await host(), await host()];
    await first.process().refresh();
    const { current } = JSON.parse(await first.keys()) as { current: { id: string } };
    await second.put(JSON.stringify({ current: { id: current.id, secret: 'ab'.repeat(31) + 'cd' } }));
    const two = second.process();
    await two.refresh();
    expect(two.ringOf(TENANT)).toBeNull();
    expect((await two.probe()).detail).toContain(`the key ${current.id} of this process is another one`);
  });

  it('a running process keeps its keys when the file is replaced by one that the others do not know', async () => {
    const first = await host();
    const one = first.process();
    await one.refresh();
    const before = one.ringOf(TENANT);
    await first.put(JSON.stringify({ current: { id: 'new', secret: 'ab'.repeat(31) + 'cd' } }));
    await one.refresh();
    expect(one.ringOf(TENANT)).toEqual(before);
    expect((await one.probe()).detail).toMatch(/does not have the key .* The keys read before stay in use/);
  });

  it('a key that is lost is given up, and then another one counts', async () => {
    const first = await host();
    await first.process().refresh();
    const { current } = JSON.parse(await first.keys()) as { current: { id: string } };
    await rm(join(first.dataDir, 'identity-keys.json'));
    expect(await doctor(first)).toMatch(/BAD {3}keys .*there are no identity keys in/);
    const restarted = first.process();
    await restarted.refresh();
    expect(restarted.ringOf(TENANT)).toBeNull();
    expect(await retireKey(pool, current.id, { lost: true })).toEqual({ retired: true, missing: [] });
    await restarted.refresh();
    expect(restarted.ringOf(TENANT)?.current.id).not.toBe(current.id);
    expect(await restarted.probe()).toEqual({ status: 'up' });
  });

  it('Postgres goes away: what was agreed holds, and the health says so', async () => {
    const first = await host();
    const lost = new pg.Pool({ connectionString: database.url, max: 1 });
    const alone = await aHost(lost);
    hosts.push(alone);
    await first.process().refresh();
    await alone.put(await first.keys());
    const one = alone.process();
    await one.refresh();
    const before = one.ringOf(TENANT);
    expect(before).not.toBeNull();
    await lost.end();
    await one.refresh();
    expect(one.ringOf(TENANT)).toBe(before);
    expect((await one.probe()).detail).toContain('the registry of identity keys cannot be read');
  });

  it('a tenant gets a ring of its own only with a key its leads are known under', async () => {
    const first = await host();
    const one = first.process();
    await one.refresh();
    const shared = JSON.parse(await first.keys()) as { current: { id: string; secret: string } };
    const own = { id: 'acme-1', secret: 'ab'.repeat(31) + 'cd' };
    await pool.query(`insert into tenants (id, name) values ('acme', 'Acme'), ('beta', 'Beta')`);
    await aClaim(database.ownerUrl, 'acme', shared.current.id);
    await first.put(JSON.stringify({ ...shared, tenants: { acme: { current: own }, beta: { current: { ...own, id: 'beta-1' } } } }));
    const two = first.process();
    await two.refresh();
    expect([two.ringOf(TENANT), two.ringOf('beta' as TenantId)?.current.id]).toEqual([null, 'beta-1']);
    expect((await two.probe()).detail).toMatch(/the tenant acme is off: its own ring has none of the keys its leads are known under/);
    await first.put(JSON.stringify({ ...shared, tenants: { acme: { current: own, previous: [shared.current] }, beta: null } }));
    await two.refresh();
    expect([two.ringOf(TENANT)?.current.id, two.ringOf('beta' as TenantId)]).toEqual(['acme-1', null]);
    const { rows } = await pool.query('select ring, key_id from identity_keys order by ring, activated_at');
    expect(rows.map(({ ring, key_id }) => `${ring}:${key_id}`)).toEqual([
      `:${shared.current.id}`,
      `acme:${shared.current.id}`,
      'acme:acme-1',
      'beta:beta-1',
    ]);
  });

  it('the registry, the log and the health hold no key', async () => {
    const [first, second] = [await host(), await host()];
    const processes = [first.process(), second.process()];
    for (const one of processes) await one.refresh();
    const { rows } = await pool.query<{ key_check: Buffer }>('select * from identity_keys');
    const seen = [
      first.logged(),
      second.logged(),
      JSON.stringify(await Promise.all(processes.map((one) => one.probe()))),
      await doctor(first),
      await doctor(second),
    ].join();
    for (const text of [await first.keys(), await second.keys()]) {
      const secret = Buffer.from((JSON.parse(text) as { current: { secret: string } }).current.secret, 'base64');
      for (const form of ['hex', 'base64', 'base64url'] as const) expect(seen).not.toContain(secret.toString(form));
      for (const row of rows) expect(row.key_check.equals(secret)).toBe(false);
    }
  });
});

/** A claim of some lead, without the journey that would have made it. */
async function aClaim(url: string, tenant: string, keyId: string): Promise<void> {
  const owner = new pg.Client({ connectionString: url });
  await owner.connect();
  const id = '01900000-0000-7000-8000-00000000000a';
  await owner.query(`insert into sources (id, tenant_id, name, kind, path) values ($1 || '/form', $1, 'form', 'json', '/form')`, [tenant]);
  await owner.query(
    `insert into inbound_requests (id, tenant_id, source_id, route, verdict, status_code, headers, request_id, correlation_id, body, body_text, body_bytes, body_sha256)
     values ($1, $2, $2 || '/form', '/form', 'accepted', 200, '{}', 'r', $1, '', '', 0, '')`,
    [id, tenant],
  );
  await owner.query(
    `insert into leads (id, tenant_id, source_id, inbound_request_id, correlation_id, request_id, payload) values ($1, $2, $2 || '/form', $1, $1, 'r', '{}')`,
    [id, tenant],
  );
  await owner.query(
    `insert into identity_claims (tenant_id, kind, fingerprint, key_id, lead_id, expires_at) values ($1, 'email', '\\x01', $2, $3, now() + interval '1 day')`,
    [tenant, keyId, id],
  );
  await owner.end();
}
