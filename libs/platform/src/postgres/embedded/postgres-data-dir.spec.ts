import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { homesLeftIn } from './postgres-data-dir.js';

describe('the homes that earlier data folders left', () => {
  let homes: string;
  let dataDir: string;

  beforeEach(async () => {
    homes = await realpath(await mkdtemp(join(tmpdir(), 'leadgate-homes-')));
    dataDir = join(homes, 'data');
    await mkdir(dataDir);
  });
  afterEach(() => rm(homes, { recursive: true, force: true }));

  const home = async (name: string, belongsTo: string): Promise<void> => {
    await mkdir(join(homes, name));
    await writeFile(join(homes, name, 'belongs-to.json'), belongsTo);
  };

  it('are those of this place, and not the one in use', async () => {
    await home('earlier', JSON.stringify({ dataDir, id: 'earlier' }));
    await home('current', JSON.stringify({ dataDir, id: 'current' }));
    await home('foreign', JSON.stringify({ dataDir: '/elsewhere', id: 'foreign' }));
    expect(homesLeftIn(homes, dataDir, 'current')).toEqual([
      { home: join(homes, 'earlier'), cluster: join(homes, 'earlier', 'cluster'), mark: 'leadgate-earlier' },
    ]);
  });

  it.each([
    { what: 'is empty, because another start is just writing it', content: '' },
    { what: 'is damaged', content: '{"dataDir":' },
    { what: 'holds something else', content: 'null' },
  ])('are found beside one whose owner $what: what is wrong with a foreign database stops nobody', async ({ content }) => {
    await home('unreadable', content);
    await home('earlier', JSON.stringify({ dataDir, id: 'earlier' }));
    expect(homesLeftIn(homes, dataDir, 'current')).toHaveLength(1);
  });
});
