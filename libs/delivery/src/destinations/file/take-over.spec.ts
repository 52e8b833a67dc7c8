import fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { aKey } from '../../testing/destination-under-test.js';
import { ABANDONED_SECONDS, DropFolder } from './drop-folder.js';
import { KEYS_FOLDER, PART } from './part-file.js';
import { TAKEN } from './take-over.js';

const NAME = 'nightly_20261122T101500Z_9f3b1c2a7d.ndjson';
const ROWS = [...'AB'].map((letter) => `{"_delivery_key":"${aKey(letter)}"}\n`).join('');
const TORN = `{"_delivery_key":"${aKey('C')}","lead":{"em`;

let path: string;
beforeEach(async () => {
  path = await fs.mkdtemp(join(tmpdir(), 'leadgate-take-over-'));
  await fs.mkdir(join(path, KEYS_FOLDER));
});
afterEach(async () => {
  jest.restoreAllMocks();
  await fs.rm(path, { recursive: true, force: true });
});

async function leave(name: string, text: string, secondsAgo = ABANDONED_SECONDS + 1): Promise<void> {
  await fs.writeFile(join(path, name), text);
  const moment = new Date(Date.now() - secondsAgo * 1000);
  await fs.utimes(join(path, name), moment, moment);
}
const names = async (): Promise<string[]> => (await fs.readdir(path)).filter((name) => name !== KEYS_FOLDER);
const hidden = async (): Promise<string[]> => (await fs.readdir(join(path, KEYS_FOLDER))).filter((name) => name.startsWith('.'));
const text = (): Promise<string> => fs.readFile(join(path, NAME), 'utf8');
const folder = (): DropFolder => new DropFolder(path);
const takeOverAll = (): Promise<number> => folder().takeOverAll(new Set(), ABANDONED_SECONDS);
const known = async (...letters: string[]): Promise<string[]> => [...(await folder().holding(new Set(letters.map(aKey)))).values()];

describe('a file whose process is gone', () => {
  it('is finished by one of many, without the row that was torn off, and leaves nothing lying about', async () => {
    await leave(`${NAME}${PART}`, ROWS + TORN);
    const finished = await Promise.all(Array.from({ length: 8 }, takeOverAll));
    expect(finished.reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(1);
    expect(await names()).toEqual([NAME]);
    expect(await text()).toBe(ROWS);
    expect(await hidden()).toEqual([]);
    expect(await known('A', 'B', 'C')).toEqual([NAME, NAME]);
  });

  it('goes when there is no row in it', async () => {
    await leave(`${NAME}${PART}`, TORN);
    expect(await takeOverAll()).toBe(0);
    expect([await names(), await hidden()]).toEqual([[], []]);
  });

  it('is given out by the copy that was listed first, when whoever listed it died before', async () => {
    await leave(`${NAME}${PART}.elsewhere-1-00000000`, ROWS + TORN);
    const copy = `.copy-elsewhere-1-00000000-${NAME}`;
    await fs.writeFile(join(path, KEYS_FOLDER, copy), ROWS);
    await fs.writeFile(join(path, KEYS_FOLDER, `${NAME}${TAKEN}`), `${copy}\n${aKey('A')}\n${aKey('B')}\n`);
    await takeOverAll();
    expect([await names(), await hidden(), await text()]).toEqual([[NAME], [], ROWS]);
  });

  it('does not come back when it was collected before its last trace went', async () => {
    await leave(`${NAME}${PART}`, ROWS);
    await takeOverAll();
    await fs.unlink(join(path, NAME));
    await leave(`${NAME}${PART}.elsewhere-1-00000000`, ROWS);
    await takeOverAll();
    expect([await names(), await hidden()]).toEqual([[], []]);
    expect(await known('A', 'B')).toEqual([NAME, NAME]);
  });

  it('is finished on a disk without hard links too', async () => {
    jest.spyOn(fs, 'link').mockRejectedValue(Object.assign(new Error('EPERM'), { code: 'EPERM' }));
    await leave(`${NAME}${PART}`, ROWS);
    expect(await takeOverAll()).toBe(1);
    await leave(`${NAME}${PART}.elsewhere-1-00000000`, ROWS);
    await fs.unlink(join(path, NAME));
    await takeOverAll();
    expect([await names(), await hidden()]).toEqual([[], []]);
  });

  it('is looked through under whatever name it has just then', async () => {
    await leave(`${NAME}${PART}`, ROWS);
    const readdir = fs.readdir;
    // The first look lists it; by the time it is read, it is finished.
    jest.spyOn(fs, 'readdir').mockImplementationOnce((async (...given: Parameters<typeof readdir>) => {
      const listed = await readdir(...given);
      await takeOverAll();
      return listed;
    }) as unknown as typeof readdir);
    expect(await known('A', 'C')).toEqual([NAME]);
  });

  it('has what is left of a takeover that died removed', async () => {
    const copy = join(path, KEYS_FOLDER, `.copy-elsewhere-1-00000000-${NAME}`);
    await fs.writeFile(copy, ROWS);
    await folder().forgetOldKeys();
    expect(await hidden()).toHaveLength(1);
    const moment = new Date(Date.now() - 2 * 3600 * 1000);
    await fs.utimes(copy, moment, moment);
    await folder().forgetOldKeys();
    expect(await hidden()).toEqual([]);
  });
});
