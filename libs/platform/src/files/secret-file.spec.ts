import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readOrMakeSecretFile } from './secret-file.js';

let folder: string;
let path: string;
const modeOf = async (): Promise<number> => (await stat(path)).mode & 0o777;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'leadgate-secret-'));
  path = join(folder, 'deep', 'secret.json');
});
afterEach(() => rm(folder, { recursive: true }));

describe('a secret file', () => {
  it('is made once, with its folder, for its owner only, and nothing else is left behind', async () => {
    expect(await readOrMakeSecretFile(path, () => 'first\n')).toBe('first\n');
    expect(await readOrMakeSecretFile(path, () => 'second\n')).toBe('first\n');
    expect(await readdir(join(folder, 'deep'))).toEqual(['secret.json']);
    expect(await modeOf()).toBe(0o600);
  });

  it('holds one text for all that start at once', async () => {
    const texts = await Promise.all(Array.from({ length: 20 }, (_, index) => readOrMakeSecretFile(path, () => `text ${index}`)));
    expect(new Set(texts)).toEqual(new Set([await readFile(path, 'utf8')]));
    expect(await readdir(join(folder, 'deep'))).toEqual(['secret.json']);
  });

  it('is taken out of the sight of others again', async () => {
    await readOrMakeSecretFile(path, () => 'text');
    await chmod(path, 0o644);
    await readOrMakeSecretFile(path, () => 'other');
    expect(await modeOf()).toBe(0o600);
  });

  it('says what the file system says when it cannot be kept', async () => {
    await writeFile(join(folder, 'deep'), '');
    await expect(readOrMakeSecretFile(path, () => 'text')).rejects.toMatchObject({ code: expect.stringMatching(/^E[A-Z]+$/) as string });
  });
});
