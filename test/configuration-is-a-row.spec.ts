import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, connect, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { appendAuditEvents } from '#audit';
import type { ConfigVersionId, JsonObject, TenantId } from '#core';
import { activateVersion, applyFile, type ConfigCheck, ConfigStore, createLogger, createPgPool, loadConfigFile } from '#platform';
import { aTenantFile, aTenantFileWithMappingFile } from '../libs/platform/src/config/testing/a-tenant-file.js';
import { eventually } from './support/eventually.js';
import { createTestDatabase, type TestDatabase } from './support/test-database.js';
import { tookAtMost } from './support/took-at-most.js';

const silent = createLogger('silent', false);
let database: TestDatabase;
let pool: pg.Pool;
let folder: string;
let env: Record<string, string>;
let stores: ConfigStore[];
let tenantNo = 0;
/** Tests share a database, so each has a tenant of its own. */
let acme: TenantId;

beforeAll(async () => {
  database = await createTestDatabase();
  // However long a slow machine takes to write one version: the others wait for it.
  const limits = { acquireTimeoutMs: 60_000, lockTimeoutMs: 60_000, statementTimeoutMs: 60_000 };
  pool = createPgPool({ url: database.url, applicationName: 'configuration-spec', max: 8, ...limits });
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'leadgate-config-'));
  env = {};
  stores = [];
  acme = `acme-${(tenantNo += 1)}` as TenantId;
});
afterEach(async () => {
  await Promise.all(stores.map((store) => store.stop()));
  rmSync(folder, { recursive: true });
});

/** A process: its own store, as gateways on several machines have. */
function process(over: { pool?: pg.Pool; env?: Record<string, string>; folder?: string; check?: ConfigCheck } = {}): ConfigStore {
  const store = new ConfigStore({
    pool: over.pool ?? pool,
    configPath: over.folder ?? folder,
    env: over.env ?? env,
    check: over.check ?? (() => []),
    appendAuditEvents,
    logger: silent,
  });
  stores.push(store);
  return store;
}

const write = (name: string, content: JsonObject | string): string => {
  const path = join(folder, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
};
const named = (name: string, changes: JsonObject = {}): JsonObject => aTenantFile({ tenant: acme, name, ...changes });
const nameIn = (store: ConfigStore): string | undefined => store.tenant(acme)?.config.name;
const withZipRule = (check: string): JsonObject => ({
  rules: { active: 'one', profiles: [{ name: 'one', rules: [{ code: 'NO_ZIP', field: ['zip'], check }] }] },
});

async function versions(): Promise<
  { version: number; ruleset_version: number; policy_version: number; origin: string; active: boolean }[]
> {
  const { rows } = await pool.query(
    'SELECT version, ruleset_version, policy_version, origin, active FROM config_versions WHERE tenant_id = $1 ORDER BY version',
    [acme],
  );
  return rows;
}

describe('a file becomes a version', () => {
  it('with its tenant, source and destination rows and an audit event, all in one transaction', async () => {
    write('acme.json', named('Acme'));
    const store = process();
    await store.start();
    expect(store.ready()).toBe(true);
    expect(store.problems()).toEqual([]);
    expect(await versions()).toEqual([{ version: 1, ruleset_version: 1, policy_version: 1, origin: 'file:acme.json', active: true }]);

    const resolved = store.tenant(acme);
    expect(resolved).toMatchObject({ tenantId: acme, version: 1, rulesetVersion: 1, policyVersion: 1, config: { name: 'Acme' } });
    expect(store.tenants().map(({ tenantId }) => tenantId)).toContain(acme);
    expect(store.sourcesAt(`/in/${acme}`)).toEqual([{ sourceId: `${acme}/webhook`, source: resolved?.config.sources[0], resolved }]);

    const { rows: sources } = await pool.query('SELECT id, kind, path, enabled FROM sources WHERE tenant_id = $1', [acme]);
    expect(sources).toEqual([{ id: `${acme}/webhook`, kind: 'json', path: `/in/${acme}`, enabled: true }]);
    const { rows: destinations } = await pool.query('SELECT id, kind, enabled FROM destinations WHERE tenant_id = $1', [acme]);
    expect(destinations).toEqual([{ id: `${acme}/crm`, kind: 'http', enabled: true }]);
    const { rows: events } = await pool.query('SELECT type, actor, from_status, to_status, detail FROM audit_events WHERE tenant_id = $1', [
      acme,
    ]);
    expect(events).toEqual([
      {
        type: 'config.activated',
        actor: 'config',
        from_status: null,
        to_status: 'v1',
        detail: { config_version_id: resolved?.id, origin: 'file:acme.json', ruleset_version: 1, policy_version: 1 },
      },
    ]);
  });

  it('keeps references, never what they resolve to', async () => {
    env = { CRM_TOKEN: 'hunter2' };
    write('acme.json', named('Acme'));
    const store = process();
    await store.start();
    expect(store.tenant(acme)?.config.destinations[0]?.authentication.token).toBe('hunter2');
    const { rows } = await pool.query("SELECT 1 FROM config_versions WHERE content::text LIKE '%hunter2%'");
    expect(rows).toEqual([]);
  });

  it('counts rules and policy on their own', async () => {
    const store = process();
    await store.start();
    const changes: JsonObject[] = [
      {},
      { name: 'Renamed' },
      { name: 'Renamed', ...withZipRule('filled') },
      { name: 'Renamed', ...withZipRule('filled'), dedup: { identities: ['email'], window_hours: 48, on_duplicate: 'deliver' } },
      { name: 'Back', ...withZipRule('filled') },
    ];
    for (const change of changes) {
      write('acme.json', named('Acme', change));
      await store.refresh();
    }
    expect((await versions()).map(({ version, ruleset_version, policy_version }) => [version, ruleset_version, policy_version])).toEqual([
      [1, 1, 1],
      [2, 1, 1],
      [3, 2, 1],
      [4, 2, 2],
      [5, 2, 3],
    ]);
  });

  it('once, however many processes see it', async () => {
    write('acme.json', named('Acme'));
    const four = [process(), process(), process(), process()];
    await Promise.all(four.map((store) => store.start()));
    expect(await versions()).toHaveLength(1);
    write('acme.json', named('Changed'));
    await Promise.all(four.map((store) => store.refresh()));
    expect(await versions()).toHaveLength(2);
    await Promise.all(four.map((store) => store.refresh()));
    expect(four.map(nameIn)).toEqual(['Changed', 'Changed', 'Changed', 'Changed']);
  });

  it('also when only its mapping file changed', async () => {
    write('rules.json', { area: { attribute_type: 'text' } });
    write('acme.json', { ...aTenantFileWithMappingFile('rules.json', { tenant: acme }) });
    const store = process();
    await store.start();
    expect(store.problems()).toEqual([]);
    write('rules.json', { area: { attribute_type: 'text', is_numeric: true } });
    await store.refresh();
    expect(store.tenant(acme)).toMatchObject({
      version: 2,
      config: { mappings: [{ attributes: { rules: { area: { is_numeric: true } } } }] },
    });
  });

  it('not again when it was only touched', async () => {
    write('acme.json', named('Acme'));
    const store = process();
    await store.start();
    write('acme.json', JSON.stringify(named('Acme'), null, 2));
    await store.refresh();
    expect(await versions()).toHaveLength(1);
  });
});

describe('the active version is the row', () => {
  const sources = () => ({ env, readFile: () => '', check: () => [] });

  it('so a roll-back survives a restart, until the file changes', async () => {
    write('acme.json', named('First'));
    const store = process();
    await store.start();
    write('acme.json', named('Second'));
    await store.refresh();
    expect(nameIn(store)).toBe('Second');

    expect(await activateVersion(pool, appendAuditEvents, acme, 1, sources())).toMatchObject({
      kind: 'activated',
      version: { version: 1 },
    });
    await store.refresh();
    expect(nameIn(store)).toBe('First');

    const restarted = process();
    await restarted.start();
    expect(nameIn(restarted)).toBe('First');
    expect(await versions()).toHaveLength(2);

    write('acme.json', named('Third'));
    await restarted.refresh();
    expect(nameIn(restarted)).toBe('Third');
  });

  it('and processes follow it by themselves, keeping the version that jobs in flight use', async () => {
    write('acme.json', named('First'));
    const [one, two] = [process(), process()];
    await one.start();
    await two.start();
    const before = two.tenant(acme);
    let tries = 0;
    await tookAtMost(5000, async () => {
      const name = `Second ${(tries += 1)}`;
      write('acme.json', named(name));
      await eventually('the other process follows', async () => (nameIn(two) === name ? true : undefined));
    });
    expect(two.version(before?.id as ConfigVersionId)).toBe(before);
  });

  it('records who went from which version to which', async () => {
    write('acme.json', named('First'));
    const store = process();
    await store.start();
    const second = loadConfigFile(write('elsewhere.json', named('Second')), folder, { env, check: () => [] }).prepared;
    if (second === undefined) throw new Error('the file was found bad');
    expect(await applyFile(pool, appendAuditEvents, second, 'apply:elsewhere.json')).toMatchObject({ kind: 'activated' });
    expect(await applyFile(pool, appendAuditEvents, second, 'apply:elsewhere.json')).toMatchObject({ kind: 'unchanged' });
    await activateVersion(pool, appendAuditEvents, acme, 1, sources());
    expect(await applyFile(pool, appendAuditEvents, second, 'apply:elsewhere.json')).toMatchObject({ kind: 'activated' });
    const { rows } = await pool.query('SELECT actor, from_status, to_status FROM audit_events WHERE tenant_id = $1 ORDER BY id', [acme]);
    expect(rows).toEqual([
      { actor: 'config', from_status: null, to_status: 'v1' },
      { actor: 'cli', from_status: 'v1', to_status: 'v2' },
      { actor: 'cli', from_status: 'v2', to_status: 'v1' },
      { actor: 'cli', from_status: 'v1', to_status: 'v3' },
    ]);
    expect((await versions()).filter(({ active }) => active)).toHaveLength(1);
  });

  it('and a version that does not exist or cannot be used is refused in words', async () => {
    write('acme.json', named('First'));
    await process().start();
    expect(await activateVersion(pool, appendAuditEvents, acme, 7, sources())).toEqual({
      kind: 'refused',
      problems: [`the tenant ${acme} has no version 7; \`leadgate config list ${acme}\` shows those it has`],
    });
  });

  it('rows of sources and destinations that are gone stay, disabled, and come back', async () => {
    write('acme.json', named('First'));
    const store = process();
    await store.start();
    write('acme.json', named('Second', { destinations: [], mappings: [] }));
    await store.refresh();
    const enabled = async () => (await pool.query('SELECT enabled FROM destinations WHERE tenant_id = $1', [acme])).rows;
    expect(await enabled()).toEqual([{ enabled: false }]);
    await activateVersion(pool, appendAuditEvents, acme, 1, sources());
    expect(await enabled()).toEqual([{ enabled: true }]);
  });
});

describe('a bad file never replaces a good one', () => {
  it('its problems are listed until it is mended, and other tenants go on', async () => {
    const other = `${acme}-other` as TenantId;
    write('acme.json', named('Good'));
    const store = process();
    await store.start();

    write('acme.json', '{"tenant": ');
    write('other.json', aTenantFile({ tenant: other }));
    await store.refresh();
    expect(nameIn(store)).toBe('Good');
    expect(store.tenant(other)).toBeDefined();
    expect(store.problems()).toEqual([expect.stringMatching(/^acme\.json: is not valid JSON/)]);

    const restarted = process();
    await restarted.start();
    expect(nameIn(restarted)).toBe('Good');

    write('acme.json', named('Mended'));
    await store.refresh();
    expect(nameIn(store)).toBe('Mended');
    expect(store.problems()).toEqual([]);
  });

  it('nor does one whose kinds are not known here', async () => {
    write('acme.json', named('First'));
    const store = process({ check: ({ name }) => (name === 'Strange' ? ['sources[0].kind: "fax" is not a kind of source'] : []) });
    await store.start();
    write('acme.json', named('Strange'));
    await store.refresh();
    expect(nameIn(store)).toBe('First');
    expect(store.problems()).toEqual(['acme.json: sources[0].kind: "fax" is not a kind of source']);
  });

  it('nor does one that wants the route of another tenant', async () => {
    write('acme.json', named('First'));
    const store = process();
    await store.start();
    const thief = `${acme}-thief` as TenantId;
    const elsewhere = mkdtempSync(join(tmpdir(), 'leadgate-config-'));
    writeFileSync(join(elsewhere, 'thief.json'), JSON.stringify(aTenantFile({ tenant: thief, sources: named('First').sources as never })));
    const second = process({ folder: elsewhere });
    await second.start();
    rmSync(elsewhere, { recursive: true });
    expect(second.problems()).toEqual([
      `thief.json: has a source at /in/${acme}, and so has ${acme}/webhook; a route belongs to one tenant`,
    ]);
    expect(second.tenant(thief)).toBeUndefined();
  });

  it('nor do two files for one tenant, until one of them goes', async () => {
    write('a.json', named('A'));
    const b = write('b.json', named('B'));
    const store = process();
    await store.start();
    expect(store.tenant(acme)).toBeUndefined();
    expect(store.problems()).toHaveLength(2);
    rmSync(b);
    await store.refresh();
    expect(nameIn(store)).toBe('A');
    expect(store.problems()).toEqual([]);
  });

  it('and a folder that is not there is one problem, not the end', async () => {
    const store = process({ folder: join(folder, 'gone') });
    await store.start();
    expect(store.ready()).toBe(true);
    expect(store.problems()).toEqual([expect.stringMatching(/gone cannot be read \(ENOENT: it is not there\); LEADGATE_CONFIG names it$/)]);
  });
});

describe('references in each process', () => {
  it('a process that cannot resolve one keeps the old version and says so', async () => {
    write('acme.json', named('First'));
    const rich = process({ env: { NEW_NAME: 'Second' } });
    const empty = mkdtempSync(join(tmpdir(), 'leadgate-config-'));
    const poor = process({ env: {}, folder: empty });
    await rich.start();
    await poor.start();
    rmSync(empty, { recursive: true });
    write('acme.json', named('env:NEW_NAME'));
    await rich.refresh();
    await poor.refresh();
    expect(nameIn(rich)).toBe('Second');
    expect(nameIn(poor)).toBe('First');
    expect(poor.problems().join('\n')).toContain(
      `tenant ${acme}: version 2 cannot be used by this process (version 1 stays in use until then): name: the variable NEW_NAME is not set`,
    );
  });

  it('a secret that is replaced in its file is taken up, without a new version', async () => {
    write('token', 'one\n');
    const file = named('First');
    (file.destinations as { authentication: { token: string } }[])[0]!.authentication.token = 'file:token';
    write('acme.json', file);
    const store = process();
    await store.start();
    const token = () => store.tenant(acme)?.config.destinations[0]?.authentication.token;
    expect(token()).toBe('one');
    write('token', 'rotated\n');
    await store.refresh();
    expect(token()).toBe('rotated');
    rmSync(join(folder, 'token'));
    await store.refresh();
    expect(token()).toBe('rotated');
    expect(store.problems().join('\n')).toContain(
      '(it stays in use as it was read before): destinations[0].authentication.token: the file token cannot be read (ENOENT: it is not there)',
    );
    expect(await versions()).toHaveLength(1);
  });
});

describe('without Postgres at the start', () => {
  it('is not ready, says so, and loads when Postgres appears', async () => {
    const { hostname, port } = new URL(database.url);
    const gate = createServer((socket) => {
      const upstream = connect(Number(port), hostname);
      socket.pipe(upstream).pipe(socket);
      for (const end of [socket, upstream]) end.on('error', () => [socket, upstream].forEach((other) => other.destroy()));
    });
    const listen = (on: number) =>
      new Promise<number>((done) => gate.listen(on, '127.0.0.1', () => done((gate.address() as AddressInfo).port)));
    const gatePort = await listen(0);
    await new Promise((done) => gate.close(done));

    const through = createPgPool({
      url: Object.assign(new URL(database.url), { hostname: '127.0.0.1', port: `${gatePort}` }).href,
      applicationName: 'gate',
    });
    try {
      write('acme.json', named('Acme'));
      const store = process({ pool: through });
      await store.start();
      expect(store.ready()).toBe(false);
      expect(store.problems()).toEqual([expect.stringMatching(/cannot be read from or written to Postgres/)]);

      await listen(gatePort);
      await eventually('the configuration is loaded', async () => (store.ready() ? true : undefined));
      expect(nameIn(store)).toBe('Acme');
      await store.stop();
    } finally {
      await through.end();
      await new Promise((done) => gate.close(done));
    }
  });
});
