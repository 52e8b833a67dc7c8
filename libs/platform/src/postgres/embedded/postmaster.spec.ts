import { existsSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findPostmaster } from './postmaster.js';

let cluster: string;
let file: string;
beforeEach(() => {
  cluster = mkdtempSync(join(tmpdir(), 'leadgate-postmaster-'));
  file = join(cluster, 'postmaster.pid');
});
afterEach(() => rmSync(cluster, { recursive: true }));

const find = () => findPostmaster({ cluster, mark: 'leadgate-spec' });

describe('postmaster.pid', () => {
  it('that is being written stays: its server would end itself without it', () => {
    writeFileSync(file, '');
    expect(find()).toBeNull();
    expect(existsSync(file)).toBe(true);
  });

  it('that a power cut left empty goes, else no server would start any more', () => {
    writeFileSync(file, '');
    const before = new Date(Date.now() - 60_000);
    utimesSync(file, before, before);
    expect(find()).toBeNull();
    expect(existsSync(file)).toBe(false);
  });

  it('that names another program goes', () => {
    writeFileSync(file, `${process.pid}\n${cluster}\n1\n5432\n\n127.0.0.1\n`);
    expect(find()).toBeNull();
    expect(existsSync(file)).toBe(false);
  });

  it('is not there: nothing runs', () => {
    expect(find()).toBeNull();
  });
});
