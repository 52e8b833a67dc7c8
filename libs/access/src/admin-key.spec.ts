import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AdminKey } from './admin-key.js';

let dataDir: string;
const load = (configured?: string): Promise<AdminKey> => AdminKey.load({ dataDir, configured });
const written = async (): Promise<string> => (await readFile(join(dataDir, 'admin.key'), 'utf8')).trim();
const modeOf = async (name: string): Promise<number> => (await stat(join(dataDir, name))).mode & 0o777;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'leadgate-key-'));
});
afterEach(() => rm(dataDir, { recursive: true }));

describe('the admin key', () => {
  it('is made at the first start, for its owner only, and nothing else is left behind', async () => {
    const key = await load();
    expect(await readdir(dataDir)).toEqual(['admin.key']);
    expect(await modeOf('admin.key')).toBe(0o600);
    expect(await written()).toMatch(/^lga_[\w-]{43}$/);
    expect(key.opensWith(await written())).toBe(true);
  });

  it('is the same at the next start', async () => {
    await load();
    const first = await written();
    expect((await load()).opensWith(first)).toBe(true);
    expect(await written()).toBe(first);
  });

  it('is one key for all that start at once', async () => {
    const keys = await Promise.all(Array.from({ length: 20 }, () => load()));
    const first = await written();
    expect(keys.every((key) => key.opensWith(first))).toBe(true);
    expect(await readdir(dataDir)).toEqual(['admin.key']);
  });

  it('is made in a data directory that does not exist yet', async () => {
    dataDir = join(dataDir, 'a', 'b');
    await load();
    expect(await modeOf('admin.key')).toBe(0o600);
    dataDir = join(dataDir, '..', '..');
  });

  it('is the configured one, and then no file is written', async () => {
    const key = await load('from-the-environment');
    expect(key.opensWith('from-the-environment')).toBe(true);
    expect(await readdir(dataDir)).toEqual([]);
  });

  it('is taken out of the sight of others again', async () => {
    await load();
    await chmod(join(dataDir, 'admin.key'), 0o644);
    await load();
    expect(await modeOf('admin.key')).toBe(0o600);
  });

  it.each(['', '\n', 'two words', 'müll', 'two\nlines'])('is not what a broken file holds: %j', async (text) => {
    await writeFile(join(dataDir, 'admin.key'), text);
    await expect(load()).rejects.toThrow(/admin\.key holds no key .* remove the file/);
  });

  it('cannot be kept where a file stands in the way: the message says what to set', async () => {
    await writeFile(join(dataDir, 'file'), '');
    dataDir = join(dataDir, 'file');
    await expect(load()).rejects.toThrow(/could not be kept in .*admin\.key \(E[A-Z]+\).*LEADGATE_DATA_DIR.*LEADGATE_ADMIN_KEY/);
    dataDir = join(dataDir, '..');
  });

  it.each(['', 'x', 'secre', 'secrets', 'SECRET', 'secret ', 'k'.repeat(10_000)])('does not open with %s', async (offered) => {
    expect((await load('secret')).opensWith(offered)).toBe(false);
  });
});
