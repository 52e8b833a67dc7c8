import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import type { TenantId } from '#core';
import { decideUsableRings, FollowedKeyRings, type KeyProvider, keyProviderOf, readKeyDocument } from '#keys';
import { OutboundHttp, OutboundRules, readSettings } from '#platform';
import { type AwsAccount, type KeyStore, startSecretsManager, startVault } from './support/key-stores.js';

const TENANT = 'acme' as TenantId;
const account: AwsAccount = {
  region: 'eu-central-1',
  accessKeyId: 'AKIATEST',
  secretAccessKey: 'aws-secret-access-key',
  sessionToken: 'aws-session-token',
  secretId: 'leadgate/identity-keys',
};

let dataDir: string;
let http: OutboundHttp;
let vault: KeyStore;
let aws: KeyStore;

beforeAll(async () => {
  vault = await startVault({ token: 'vault-token', namespace: 'marketing', path: '/v1/secret/data/leadgate/identity%20keys' });
  aws = await startSecretsManager(account);
});
afterAll(() => Promise.all([vault.close(), aws.close()]));
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'leadgate-keys-'));
  http = new OutboundHttp({ userAgent: 'leadgate/test', rules: OutboundRules.operatorsOwn });
});
afterEach(async () => {
  vault.fail(undefined);
  aws.fail(undefined);
  await http.close();
  await rm(dataDir, { recursive: true });
});

const provider = (env: Record<string, string>): KeyProvider => keyProviderOf(readSettings({ LEADGATE_DATA_DIR: dataDir, ...env }), http);
const vaultEnv = () => ({
  LEADGATE_IDENTITY_KEYS_FROM: 'vault',
  VAULT_ADDR: vault.url,
  VAULT_TOKEN: 'vault-token',
  VAULT_NAMESPACE: 'marketing',
  LEADGATE_VAULT_PATH: 'secret/leadgate/identity keys',
});
const awsEnv = () => ({
  LEADGATE_IDENTITY_KEYS_FROM: 'aws',
  AWS_REGION: account.region,
  AWS_ACCESS_KEY_ID: account.accessKeyId,
  AWS_SECRET_ACCESS_KEY: account.secretAccessKey,
  AWS_SESSION_TOKEN: account.sessionToken,
  LEADGATE_AWS_SECRET_ID: account.secretId,
  AWS_ENDPOINT_URL_SECRETS_MANAGER: aws.url,
});
const aDocument = (...ids: string[]): string => {
  const [current, ...previous] = ids.map((id) => ({ id, secret: randomBytes(32).toString('base64') }));
  return JSON.stringify({ current, previous });
};

/** Follows a provider without a registry, and keeps what it logs. */
function following(from: KeyProvider): { rings: FollowedKeyRings; logged: () => string } {
  let logged = '';
  const logger = pino({ level: 'trace' }, { write: (line: string) => (logged += line) });
  const registry = { agree: (document: Parameters<typeof decideUsableRings>[0]) => Promise.resolve(decideUsableRings(document, [])) };
  return { rings: new FollowedKeyRings({ provider: from, registry, logger, pollSeconds: 3600 }), logged: () => logged };
}

const STORES: { name: string; make: () => { from: KeyProvider; put: (text: string) => Promise<void> | void } }[] = [
  {
    name: 'file',
    make: () => ({ from: provider({}), put: (text) => writeFile(join(dataDir, 'identity-keys.json'), text, { mode: 0o600 }) }),
  },
  { name: 'vault', make: () => ({ from: provider(vaultEnv()), put: (text) => vault.put(text) }) },
  { name: 'aws', make: () => ({ from: provider(awsEnv()), put: (text) => aws.put(text) }) },
];

describe.each(STORES)('keys from $name', ({ make }) => {
  it('are followed: a rotation between two looks is used without a restart', async () => {
    const { from, put } = make();
    const [first, second] = [aDocument('k1'), aDocument('k2', 'k1')];
    await put(first);
    const { rings } = following(from);
    await rings.refresh();
    expect(rings.ringOf(TENANT)?.current.id).toBe('k1');
    expect(await rings.probe()).toEqual({ status: 'up' });
    await put(second);
    await rings.refresh();
    expect(rings.ringOf(TENANT)).toMatchObject({ current: { id: 'k2' }, previous: [{ id: 'k1' }] });
    expect(readKeyDocument(second)).toMatchObject({ document: { shared: rings.ringOf(TENANT) } });
  });

  it('stay in use while what the place holds cannot be used, and the health says so without a value', async () => {
    const { from, put } = make();
    await put(aDocument('k1'));
    const { rings, logged } = following(from);
    await rings.refresh();
    await put('{"current":{"id":"k9","secret":"hunter2hunter2"}}');
    await rings.refresh();
    expect(rings.ringOf(TENANT)?.current.id).toBe('k1');
    expect(await rings.probe()).toMatchObject({
      status: 'degraded',
      detail: expect.stringMatching(/current\.secret has .* stay in use/) as string,
    });
    expect(logged()).not.toContain('hunter2');
  });
});

describe.each([
  { name: 'vault', make: () => ({ from: provider(vaultEnv()), store: vault }) },
  { name: 'aws', make: () => ({ from: provider(awsEnv()), store: aws }) },
])('a store that fails: $name', ({ make }) => {
  it.each([403, 404, 500, 503, 'cut'] as const)('%s: the keys read before stay in use, and no answer is repeated', async (failure) => {
    const { from, store } = make();
    store.put(aDocument('k1'));
    const { rings, logged } = following(from);
    await rings.refresh();
    const before = rings.ringOf(TENANT);
    store.fail(failure);
    await rings.refresh();
    expect(rings.ringOf(TENANT)).toBe(before);
    const { status, detail } = await rings.probe();
    expect(status).toBe('degraded');
    expect(detail).toContain(failure === 'cut' ? '200' : `${failure}`);
    expect(`${detail} ${logged()}`).not.toMatch(/secret-in-an-error|vault-token|aws-s/);
    store.fail(undefined);
    await rings.refresh();
    expect(await rings.probe()).toEqual({ status: 'up' });
  });

  it('one that is slow is given up, and nobody who asks for a ring waits for it', async () => {
    const { from, store } = make();
    store.put(aDocument('k1'));
    const { rings } = following(from);
    await rings.refresh();
    store.fail('silent');
    const look = rings.refresh();
    expect(rings.ringOf(TENANT)?.current.id).toBe('k1');
    await look;
    expect((await rings.probe()).detail).toContain('does not answer');
  });
});

describe('who may read', () => {
  it('Vault: the token and the namespace are sent, a wrong token is told of', async () => {
    vault.put(aDocument('k1'));
    await expect(provider({ ...vaultEnv(), VAULT_TOKEN: 'other' }).read()).rejects.toThrow(/Vault answered 403: the token is not valid/);
    await expect(provider({ ...vaultEnv(), LEADGATE_VAULT_PATH: 'secret/elsewhere' }).read()).rejects.toThrow(/404: there is no secret at/);
    await expect(provider({ ...vaultEnv(), VAULT_TOKEN: '' }).read()).rejects.toThrow(/neither VAULT_TOKEN nor VAULT_TOKEN_FILE/);
    await expect(provider({ ...vaultEnv(), LEADGATE_VAULT_PATH: 'secret' }).read()).rejects.toThrow(
      /LEADGATE_VAULT_PATH must name mount and path/,
    );
  });

  it('Vault: the token may be in a file that changes', async () => {
    vault.put(aDocument('k1'));
    const file = join(dataDir, 'token');
    const from = provider({ ...vaultEnv(), VAULT_TOKEN: '', VAULT_TOKEN_FILE: file });
    await expect(from.read()).rejects.toThrow(/VAULT_TOKEN_FILE cannot be read \(ENOENT\)/);
    await writeFile(file, 'vault-token\n');
    expect(await from.read()).toContain('"k1"');
  });

  it('Vault: the document may also be the text of one field', async () => {
    const document = aDocument('k1');
    vault.put(JSON.stringify({ document }));
    expect(await provider(vaultEnv()).read()).toBe(document);
  });

  it('AWS: every request is signed; a wrong key, a wrong name and missing settings are told of', async () => {
    aws.put(aDocument('k1'));
    await expect(provider({ ...awsEnv(), AWS_SECRET_ACCESS_KEY: 'wrong' }).read()).rejects.toThrow(/400: the signature is refused/);
    await expect(provider({ ...awsEnv(), LEADGATE_AWS_SECRET_ID: 'other' }).read()).rejects.toThrow(/there is no secret of the name/);
    await expect(provider({ ...awsEnv(), AWS_REGION: '', AWS_ACCESS_KEY_ID: '' }).read()).rejects.toThrow(
      /not set: AWS_REGION, AWS_ACCESS_KEY_ID/,
    );
    expect(aws.refusals).toContain('InvalidSignatureException');
  });
});

describe('keys from the environment', () => {
  it.each([
    ['a document', aDocument('k1')],
    ['id and secret', `k1:${randomBytes(32).toString('hex')}`],
  ])('%s', async (_form, text) => {
    const { rings } = following(provider({ LEADGATE_IDENTITY_KEYS: text }));
    await rings.refresh();
    expect(rings.ringOf(TENANT)?.current.id).toBe('k1');
  });

  it('LEADGATE_IDENTITY_KEYS_FROM says which place counts', async () => {
    await expect(provider({ LEADGATE_IDENTITY_KEYS_FROM: 'env' }).read()).rejects.toThrow(/LEADGATE_IDENTITY_KEYS is not set/);
    expect(provider({ LEADGATE_IDENTITY_KEYS_FROM: 'file', LEADGATE_IDENTITY_KEYS: 'k1:aa' }).place).toContain('identity-keys.json');
  });
});

describe('keys in the file', () => {
  it('are made at the first start, one key for all that start at once, for their owner only', async () => {
    const all = Array.from({ length: 12 }, () => following(provider({})).rings);
    await Promise.all(all.map((rings) => rings.refresh()));
    expect(new Set(all.map((rings) => rings.ringOf(TENANT)?.current.id)).size).toBe(1);
    expect(await readdir(dataDir)).toEqual(['identity-keys.json']);
    expect((await stat(join(dataDir, 'identity-keys.json'))).mode & 0o777).toBe(0o600);
  });

  it('that disappear are not replaced by new ones', async () => {
    const { rings } = following(provider({}));
    await rings.refresh();
    const before = rings.ringOf(TENANT);
    await rm(join(dataDir, 'identity-keys.json'));
    await rings.refresh();
    expect(rings.ringOf(TENANT)).toBe(before);
    expect((await rings.probe()).detail).toMatch(/are gone from .*put them back/);
    expect(await readdir(dataDir)).toEqual([]);
  });

  it('are never logged', async () => {
    const { rings, logged } = following(provider({}));
    await rings.refresh();
    const text = await readFile(join(dataDir, 'identity-keys.json'), 'utf8');
    await writeFile(join(dataDir, 'identity-keys.json'), text.replace('"current"', '"curent"'));
    await rings.refresh();
    const secret = rings.ringOf(TENANT)?.current.secret;
    expect(logged()).toContain('current is missing');
    for (const form of ['base64', 'hex', 'base64url'] as const) expect(logged()).not.toContain(secret?.toString(form));
  });
});
