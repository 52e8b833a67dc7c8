import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** docs/reliability.md may only promise what a test shows. */

const project = join(__dirname, '..', '..');
const read = (path: string): string => readFileSync(join(project, path), 'utf8');
const page = read('docs/reliability.md');
const rows = page.split('\n').filter((line) => /^\| (F\d\d|–) \|/.test(line));

const numbers = (from: number, to = from): string[] =>
  Array.from({ length: to - from + 1 }, (_, n) => `F${String(from + n).padStart(2, '0')}`);
const PROMISED = [...numbers(1, 20), 'F25', 'F27', ...numbers(33, 45), ...numbers(47, 68), ...numbers(80, 82), 'F84', ...numbers(86, 88)];

interface Shown {
  readonly file: string;
  readonly title: string;
}

const shownBy = (line: string): Shown[] =>
  [...line.matchAll(/`([\w./-]+\.spec\.ts)` “([^”]+)”/g)].map(([, file = '', title = '']) => ({ file, title }));

it('has a row for every fault of the suite', () => {
  const named = new Set(rows.map((row) => /^\| (\S+) \|/.exec(row)?.[1]));
  expect(PROMISED.filter((fault) => !named.has(fault))).toEqual([]);
});

it('names a test in every row', () => {
  expect(rows.filter((row) => shownBy(row).length === 0)).toEqual([]);
});

it('names tests that exist, by the words of their titles', () => {
  const missing = shownBy(page).filter(({ file, title }) => !existsSync(join(project, file)) || !read(file).includes(title));
  expect(missing).toEqual([]);
});

it('makes the promise that README.md makes', () => {
  const promiseIn = (text: string): string => /^> \*\*The promise\.\*\*(?:.*\n>)*.*/m.exec(text)?.[0] ?? '';
  expect(promiseIn(page)).toBe(promiseIn(read('README.md')));
  expect(promiseIn(page)).not.toBe('');
});
