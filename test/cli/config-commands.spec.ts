import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { appendAuditEvents } from '#audit';
import type { JsonObject } from '#core';
import { ConfigStore, createLogger, createPgPool, type Pool } from '#platform';
import { aTenantFile } from '../../libs/platform/src/config/testing/a-tenant-file.js';
import { type Answer, leadgate } from '../support/leadgate-cli.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

let database: TestDatabase;
let pool: Pool;
let folder: string;
let tenantNo = 0;
let acme: string;

beforeAll(async () => {
  database = await createTestDatabase();
  pool = createPgPool({ url: database.url, applicationName: 'cli-spec', acquireTimeoutMs: 5000 });
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'leadgate-cli-'));
  mkdirSync(join(folder, 'config'));
  acme = `acme-${(tenantNo += 1)}`;
});
afterEach(() => rmSync(folder, { recursive: true }));

const write = (name: string, content: JsonObject | string): void =>
  writeFileSync(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content));
const named = (name: string): JsonObject => aTenantFile({ tenant: acme, name });
const run = (...words: string[]): Promise<Answer> =>
  leadgate(words, { DATABASE_URL: database.url, LEADGATE_CONFIG: join(folder, 'config') }, folder);
const json = async (...words: string[]): Promise<unknown> => JSON.parse((await run(...words, '--json')).said);

describe('leadgate config check', () => {
  it('ends with 0 when every file is good', async () => {
    write('config/acme.json', named('Acme'));
    write('config/rules.json', { area: { attribute_type: 'text' } });
    expect(await run('config', 'check')).toEqual({
      code: 0,
      said: `acme.json: good (tenant ${acme}: 1 source, 1 destination)\nrules.json: good (a mapping file)\n`,
      complained: '',
    });
  });

  it('ends with 1 and lists every problem of every file', async () => {
    write('config/a.json', '{"tenant": }');
    write('config/b.json', { ...named('Acme'), rules: 7, color: 'red' });
    const { code, said } = await run('config', 'check');
    expect(code).toBe(1);
    expect(said).toMatch(/^a\.json: a problem\n {2}- is not valid JSON: .*\nb\.json: \d problems\n {2}- /);
    expect(said).toContain('color: is not known here');
    expect(await json('config', 'check')).toMatchObject({
      ok: false,
      files: [
        { file: 'a.json', ok: false },
        { file: 'b.json', tenant: acme },
      ],
    });
  });

  it('knows the kinds of sources and destinations', async () => {
    const file = named('Acme');
    (file.sources as JsonObject[])[0]!.kind = 'fax';
    (file.destinations as JsonObject[])[0]!.kind = 'pigeon';
    write('config/acme.json', file);
    const { said } = await run('config', 'check');
    expect(said).toContain('sources[0].kind: "fax" is not a kind of source; known kinds: ');
    expect(said).toContain('destinations[0].kind: "pigeon" is not a kind of destination; known: ');
  });

  it('takes a path from where the person stands, and says when there is nothing', async () => {
    write('acme.json', named('Acme'));
    expect((await run('config', 'check', 'acme.json')).code).toBe(0);
    expect(await run('config', 'check', 'gone')).toMatchObject({
      code: 1,
      complained: `${join(folder, 'gone')} cannot be read (ENOENT: it is not there).\n`,
    });
    expect((await run('config', 'check')).complained).toContain('holds no configuration');
  });

  it('finds nothing wrong with the configuration that is shipped', async () => {
    expect((await leadgate(['config', 'check'], {})).code).toBe(0);
  });
});

describe('leadgate config apply, list, activate', () => {
  it('go forth and back between versions', async () => {
    write('first.json', named('First'));
    write('second.json', named('Second'));
    expect((await run('config', 'apply', 'first.json')).said).toBe(
      `Version 1 of tenant ${acme} is active now (rules v1, policy v1); running gateways follow within 2 seconds.\n`,
    );
    expect(await json('config', 'apply', 'second.json')).toMatchObject({
      ok: true,
      result: 'activated',
      version: 2,
      origin: 'apply:second.json',
    });
    expect((await run('config', 'apply', 'second.json')).said).toContain('was active already; nothing was changed');
    expect((await run('config', 'activate', acme, 'v1')).said).toContain(`Version 1 of tenant ${acme} is active now`);

    const { said } = await run('config', 'list', acme);
    expect(said.split('\n').map((line) => line.replace(/ +/g, ' ').replace(/ \d{4}-.*/, ''))).toEqual([
      'tenant version rules policy from active since',
      `${acme} 2 v1 v1 apply:second.json`,
      `${acme} 1 active v1 v1 apply:first.json`,
      '',
    ]);
    expect(await json('config', 'list', acme)).toMatchObject({
      versions: [
        { version: 2, active: false },
        { version: 1, active: true },
      ],
    });
  });

  it('a file of the configuration folder that was applied is not imported again at the next start', async () => {
    write('config/acme.json', named('Acme'));
    expect(await json('config', 'apply', 'config/acme.json')).toMatchObject({ version: 1, origin: 'file:acme.json' });
    const store = new ConfigStore({
      pool,
      configPath: join(folder, 'config'),
      env: {},
      check: () => [],
      appendAuditEvents,
      logger: createLogger('silent', false),
    });
    await store.refresh();
    expect(await json('config', 'list', acme)).toMatchObject({ versions: [{ version: 1, active: true }] });
  });

  it('judge a secret as the gateways will read it, not as it lies beside the file', async () => {
    mkdirSync(join(folder, 'draft'));
    write('draft/token', 'beside the draft');
    const file = named('Acme');
    Object.assign((file.destinations as JsonObject[])[0]!, { authentication: { kind: 'bearer', token: 'file:token' } });
    write('draft/acme.json', file);
    const refusal =
      'destinations[0].authentication.token: the file token cannot be read (ENOENT: it is not there); its path starts from the configuration folder';
    for (const verb of ['draft', 'apply']) {
      expect(await run('config', verb, 'draft/acme.json')).toMatchObject({ code: 1, said: expect.stringContaining(refusal) as string });
    }
    write('config/token', 'where gateways read it');
    expect(await json('config', 'draft', 'draft/acme.json')).toMatchObject({ ok: true, version: 1 });
    expect(await json('config', 'activate', acme, '1')).toMatchObject({ ok: true, result: 'activated' });
  });

  it('say which file cannot be read', async () => {
    expect((await run('config', 'draft', 'gone.json')).said).toBe(
      'Nothing was changed. gone.json:\n  - cannot be read (ENOENT: it is not there)\n',
    );
  });

  it('refuse what cannot be used, change nothing and end with 1', async () => {
    write('bad.json', { ...named('Acme'), name: 'env:NOBODY_SETS_THIS' });
    expect(await run('config', 'apply', 'bad.json')).toEqual({
      code: 1,
      said: 'Nothing was changed. bad.json:\n  - name: the variable NOBODY_SETS_THIS is not set. Set it, or write what holds without it: env:NOBODY_SETS_THIS|default\n',
      complained: '',
    });
    expect(await json('config', 'activate', acme, '1')).toEqual({
      ok: false,
      result: 'refused',
      problems: [`the tenant ${acme} has no version 1; \`leadgate config list ${acme}\` shows those it has`],
    });
    expect(await run('config', 'list', acme)).toMatchObject({ code: 1, said: `There is no configuration of a tenant ${acme}.\n` });
    expect(await run('config', 'activate', acme, 'latest')).toMatchObject({
      code: 2,
      complained: 'VERSION is a number such as 3, not "latest".\n',
    });
  });
});

describe('without a database', () => {
  it('says what to start or set', async () => {
    const dataDir = join(folder, 'data');
    expect(await leadgate(['config', 'list'], { LEADGATE_DATA_DIR: dataDir })).toEqual({
      code: 1,
      said: '',
      complained: `There is no database to work on: DATABASE_URL is not set, and no Postgres runs on ${dataDir}. Start it with npm start, or set DATABASE_URL.\n`,
    });
  });

  it('says that Postgres does not answer', async () => {
    const { code, complained } = await leadgate(['config', 'list'], { DATABASE_URL: 'postgresql://nobody:secret@127.0.0.1:1/leadgate' });
    expect(code).toBe(1);
    expect(complained).toMatch(/^Postgres does not answer: connect ECONNREFUSED 127\.0\.0\.1:1\. Look at DATABASE_URL/);
    expect(complained).not.toContain('secret');
  });

  it('says that Postgres is there and does not let us in', async () => {
    const nowhere = Object.assign(new URL(database.url), { pathname: '/gone' }).href;
    expect((await leadgate(['config', 'list'], { DATABASE_URL: nowhere })).complained).toMatch(
      /^Postgres answers, but does not let us in: database "gone" does not exist\. Correct/,
    );
  });

  it('says that a connection may only read, without a stack', async () => {
    expect(await leadgate(['sweep'], { DATABASE_URL: database.readonlyUrl })).toMatchObject({
      code: 1,
      complained: expect.stringMatching(
        /^(Nothing was changed: this connection may only read|The role of DATABASE_URL may not do this).*\n$/,
      ) as string,
    });
  });

  it('says how to make the tables', async () => {
    const empty = Object.assign(new URL(database.url), { pathname: '/postgres' }).href;
    expect(await leadgate(['config', 'list'], { DATABASE_URL: empty })).toMatchObject({
      code: 1,
      complained: 'The tables are not there yet. Make them with: npm run db:migrate\n',
    });
  });

  it('lists every setting that cannot be used', async () => {
    const { code, complained } = await leadgate(['config', 'list'], { PORT: 'x', LEADGATE_POOL_WORK: '0' });
    expect(code).toBe(1);
    expect(complained).toMatch(/PORT must be a whole number[^]*LEADGATE_POOL_WORK must be a whole number/);
  });
});
