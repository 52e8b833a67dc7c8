import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JsonObject } from '#core';
import { listConfigFiles, loadConfigFile, problemsBetween, type LoadedFile } from './load-config-files.js';
import { aTenantFile, aTenantFileWithMappingFile } from './testing/a-tenant-file.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'leadgate-config-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const write = (name: string, content: unknown): string => {
  const path = join(folder, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
};
const load = (path: string, env: Record<string, string> = {}): LoadedFile => loadConfigFile(path, folder, { env, check: () => [] });

describe('a configuration file', () => {
  it('becomes a version whose content keeps the references and whose configuration has them resolved', () => {
    const { prepared, problems } = load(write('acme.json', aTenantFile()), { CRM_TOKEN: 'hunter2' });
    expect(problems).toEqual([]);
    expect(prepared?.config.destinations[0]?.authentication.token).toBe('hunter2');
    expect(JSON.stringify(prepared?.content)).not.toContain('hunter2');
    expect(prepared?.content).toMatchObject({ destinations: [{ authentication: { token: 'env:CRM_TOKEN|none' } }] });
  });

  it('has the same content hash however its members are ordered', () => {
    const file = aTenantFile();
    const turned = Object.fromEntries(Object.entries(file).reverse());
    expect(load(write('a.json', file)).prepared?.sha256).toBe(load(write('b.json', turned)).prepared?.sha256);
  });

  it('lists every problem at once: shape, open references, written secrets', () => {
    const file = aTenantFile({ name: 7 });
    (file.destinations as { authentication: { token: string }; url: string }[])[0]!.authentication.token = 'hunter2';
    (file.destinations as { url: string }[])[0]!.url = 'env:CRM_URL';
    const { problems } = load(write('acme.json', file));
    expect(problems).toHaveLength(3);
    expect(problems).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^name: must be text/),
        expect.stringMatching(/^destinations\[0\]\.url: the variable CRM_URL is not set/),
        expect.stringMatching(/^destinations\[0\]\.authentication\.token: a secret is written out here/),
      ]),
    );
    expect(JSON.stringify(problems)).not.toContain('hunter2');
  });

  it('wants a reference wherever a source has a secret', () => {
    const source = {
      ...(aTenantFile().sources as JsonObject[])[0],
      authentication: { kind: 'hmac_signature', secret: 'hunter2', previous_secret: 'hunter2' },
      handshake_token: 'hunter2',
      fetch: { base_url: 'https://graph.example.com', access_token: 'hunter2' },
    };
    const { problems } = load(write('acme.json', aTenantFile({ sources: [source] })));
    const places = ['authentication.secret', 'authentication.previous_secret', 'handshake_token', 'fetch.access_token'];
    expect(problems).toEqual(places.map((place) => expect.stringContaining(`sources[0].${place}: a secret is written out here`) as string));
    expect(JSON.stringify(problems)).not.toContain('hunter2');
  });

  it.each([
    ['token', { kind: 'bearer', token: 'hunter2' }],
    ['password', { kind: 'basic', username: 'u', password: 'hunter2' }],
    ['key', { kind: 'api_key', header: 'X-Api-Key', key: 'hunter2' }],
    [
      'client_secret',
      { kind: 'oauth2_client_credentials', token_url: 'https://login.example.com/token', client_id: 'c', client_secret: 'hunter2' },
    ],
    ['secret', { kind: 'standard_webhooks', secret: 'hunter2' }],
    ['previous_secret', { kind: 'standard_webhooks', secret: 'env:NEW_SECRET|new', previous_secret: 'hunter2' }],
  ])('wants a reference for the %s of a destination', (member, authentication) => {
    const [destination] = aTenantFile().destinations as JsonObject[];
    const { problems } = load(write('acme.json', aTenantFile({ destinations: [{ ...destination, authentication }] })));
    expect(problems).toEqual([expect.stringContaining(`destinations[0].authentication.${member}: a secret is written out here`)]);
    expect(JSON.stringify(problems)).not.toContain('hunter2');
  });

  it('refuses a text that Postgres cannot store', () => {
    expect(load(write('acme.json', aTenantFile({ name: 'A\u0000' }))).problems).toEqual([expect.stringMatching(/NUL/)]);
  });

  it.each([
    { description: 'not an object', content: '[]', says: 'is not a tenant' },
    { description: 'empty', content: '', says: 'is empty' },
    { description: 'neither form', content: '{"hello": 1}', says: 'is not a tenant' },
    { description: 'without its tenant', content: '{"sources": []}', says: 'tenant: is missing' },
    { description: 'broken', content: '{"sources": [}', says: 'is not valid JSON' },
  ])('that is $description is told of', ({ content, says }) => {
    const { problems, prepared } = load(write('acme.json', content));
    expect(prepared).toBeUndefined();
    expect(problems.join('\n')).toContain(says);
  });
});

describe('a mapping file', () => {
  const RULES = { area: { attribute_type: 'text', is_numeric: true, values: null } };

  it('is written into the version as rules', () => {
    write('rules.json', RULES);
    const { prepared, problems } = load(write('acme.json', aTenantFileWithMappingFile('env:MAPPING|rules.json')));
    expect(problems).toEqual([]);
    expect(prepared?.content).toMatchObject({ mappings: [{ attributes: { rules: RULES } }] });
    expect(JSON.stringify(prepared?.content)).not.toContain('rules.json');
  });

  it('of the older flat form is the whole mapping', () => {
    const flat = write('flat.json', { customer_email: 'email', customer_zip: 'address.zip' });
    const { prepared, problems } = load(write('acme.json', aTenantFileWithMappingFile('env:MAPPING|rules.json')), { MAPPING: flat });
    expect(problems).toEqual([]);
    expect(prepared?.content.mappings).toEqual([
      {
        name: 'crm',
        fields: [
          { target: 'customer_email', from: ['email'] },
          { target: 'customer_zip', from: ['address.zip'] },
        ],
      },
    ]);
  });

  it('with problems is told of under the place that names it', () => {
    write('rules.json', { area: { attribute_type: 'sphere' } });
    const { problems, prepared } = load(write('acme.json', aTenantFileWithMappingFile('rules.json')));
    expect(prepared).toBeUndefined();
    expect(problems).toEqual([expect.stringMatching(/^mappings\[0\]\.attributes\.file: rules\.json: area/)]);
  });

  it('that is missing is one problem', () => {
    expect(load(write('acme.json', aTenantFileWithMappingFile('gone.json'))).problems).toEqual([
      'mappings[0].attributes.file: the file gone.json cannot be read (ENOENT: it is not there); its path starts from the folder of that configuration file',
    ]);
  });

  it('whose reference is open is one problem', () => {
    expect(load(write('acme.json', aTenantFileWithMappingFile('env:MAPPING'))).problems).toEqual([
      'mappings[0].attributes.file: the variable MAPPING is not set. Set it, or write what holds without it: env:MAPPING|default',
    ]);
  });

  it('may lie beside the tenants without being taken for one', () => {
    expect(load(write('rules.json', RULES))).toMatchObject({ problems: [] });
  });
});

describe('changed', () => {
  it('sees the file itself, a file it refers to and one that appears', () => {
    const path = write('acme.json', aTenantFileWithMappingFile('rules.json'));
    const before = load(path);
    expect(before.changed()).toBe(false);
    const rules = write('rules.json', { area: { attribute_type: 'text' } });
    expect(before.changed()).toBe(true);

    const after = load(path);
    utimesSync(rules, new Date(), new Date(Date.now() + 5000));
    expect(after.changed()).toBe(true);

    const again = load(path);
    rmSync(path);
    expect(again.changed()).toBe(true);
  });
});

describe('the folder', () => {
  it('holds *.yaml, *.yml and *.json, in the order of their names', () => {
    for (const name of ['b.yml', 'a.yaml', 'c.json', 'README.md', '.hidden.yaml']) write(name, '');
    expect(listConfigFiles(folder)).toEqual(['a.yaml', 'b.yml', 'c.json'].map((name) => join(folder, name)));
    expect(listConfigFiles(join(folder, 'c.json'))).toEqual([join(folder, 'c.json')]);
  });

  it('tells of two files for one tenant and of one route in two tenants', () => {
    const route = [{ ...(aTenantFile().sources as object[])[0], path: '/in/shared' }];
    const files = [
      load(write('a.json', aTenantFile({ tenant: 'one' }))),
      load(write('b.json', aTenantFile({ tenant: 'one', name: 'Copy' }))),
      load(write('c.json', aTenantFile({ tenant: 'two', sources: route as never }))),
      load(write('d.json', aTenantFile({ tenant: 'three', sources: route as never }))),
      load(write('e.json', aTenantFile({ tenant: 'four' }))),
    ];
    expect(Object.fromEntries(problemsBetween(files))).toEqual({
      'a.json': [expect.stringContaining('as b.json does')],
      'b.json': [expect.stringContaining('as a.json does')],
      'c.json': ['has a source at /in/shared, and so has d.json; a route belongs to one tenant'],
      'd.json': ['has a source at /in/shared, and so has c.json; a route belongs to one tenant'],
    });
  });

  it('lets tenants share a route where the request says whose lead it is', () => {
    const [source] = aTenantFile().sources as JsonObject[];
    const loaded = (name: string, changes: JsonObject) =>
      load(write(`${name}.json`, aTenantFile({ tenant: name, sources: [{ ...source, path: '/in/shared', ...changes }] })));
    const keyed = { authentication: { kind: 'api_key' } };
    expect(problemsBetween([loaded('one', keyed), loaded('two', keyed)]).size).toBe(0);
    expect(problemsBetween([loaded('one', { kind: 'guard' }), loaded('two', { kind: 'guard' })]).size).toBe(0);
    expect(problemsBetween([loaded('one', { kind: 'guard' }), loaded('two', keyed)]).size).toBe(2);
    expect(problemsBetween([loaded('one', {}), loaded('two', keyed)]).size).toBe(2);
  });
});
