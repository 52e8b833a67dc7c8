import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readOrMakePrivateFile } from './private-file.js';

let folder: string;
let path: string;
const modeOf = async (): Promise<number> => (await stat(path)).mode & 0o777;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'leadgate-secret-'));
  path = join(folder, 'deep', 'secret.json');
});
afterEach(() => rm(folder, { recursive: true }));

describe('a private file', () => {
  it('is made once, with its folder, for its owner only, and nothing else is left behind', async () => {
    expect(await readOrMakePrivateFile(path, () => 'first\n')).toBe('first\n');
    expect(await readOrMakePrivateFile(path, () => 'second\n')).toBe('first\n');
    expect(await readdir(join(folder, 'deep'))).toEqual(['secret.json']);
    expect(await modeOf()).toBe(0o600);
  });

  it('holds one text for all that start at once', async () => {
    const texts = await Promise.all(Array.from({ length: 20 }, (_, index) => readOrMakePrivateFile(path, () => `text ${index}`)));
    expect(new Set(texts)).toEqual(new Set([await readFile(path, 'utf8')]));
    expect(await readdir(join(folder, 'deep'))).toEqual(['secret.json']);
  });

  it('is taken out of the sight of others again', async () => {
    await readOrMakePrivateFile(path, () => 'text');
    await chmod(path, 0o644);
    await readOrMakePrivateFile(path, () => 'other');
    expect(await modeOf()).toBe(0o600);
  });

  it('says what the file system says when it cannot be kept', async () => {
    await writeFile(join(folder, 'deep'), '');
    await expect(readOrMakePrivateFile(path, () => 'text')).rejects.toMatchObject({ code: expect.stringMatching(/^E[A-Z]+$/) as string });
  });
});
