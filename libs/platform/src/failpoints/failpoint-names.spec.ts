import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { FAILPOINTS } from './failpoint-names.js';

const LIBS = resolve(__dirname, '../../..');

it('every failpoint of the list stands at one place of the code, and every place is on the list', () => {
  const sources = readdirSync(LIBS, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && !file.endsWith('.spec.ts'),
  );
  const placed = sources.flatMap((file) =>
    [...readFileSync(join(LIBS, file), 'utf8').matchAll(/await failpoint\('([a-z_]+)'/g)].map(([, name]) => name),
  );
  // What the documentation of failpoint() shows as an example is one more.
  expect(placed.filter((name, index) => placed.indexOf(name) === index).sort()).toEqual(Object.keys(FAILPOINTS).sort());
  expect(placed).toHaveLength(Object.keys(FAILPOINTS).length + 1);
});
