import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JsonObject } from '#core';
import { loadConfigFile } from '#platform';
import { parse } from 'yaml';
import { aTenantFile } from '../../libs/platform/src/config/testing/a-tenant-file.js';

const GUIDES = join(__dirname, '..', '..', 'docs', 'guides');
const examples = readdirSync(GUIDES).flatMap((guide) =>
  [...readFileSync(join(GUIDES, guide), 'utf8').matchAll(/^```yaml\n([^]*?)^```$/gm)].map(([, text = '']) => ({ guide, text })),
);

/** A tenant's file around the example, with the mappings it names. */
function fileAround(example: JsonObject): JsonObject {
  const destinations = (example['destinations'] ?? []) as JsonObject[];
  const mappings = destinations.map(({ mapping }) => ({ name: mapping ?? '', fields: [{ target: 'email', from: ['email'] }] }));
  return aTenantFile(destinations.length === 0 ? example : { mappings, ...example });
}

describe('a configuration that a guide shows', () => {
  const folder = mkdtempSync(join(tmpdir(), 'leadgate-guides-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it('is in most of them', () => {
    expect(new Set(examples.map(({ guide }) => guide)).size).toBeGreaterThan(3);
  });

  it.each(examples)('is read as it stands in a file: $guide', ({ text }) => {
    const path = join(folder, 'acme.json');
    writeFileSync(path, JSON.stringify(fileAround(parse(text) as JsonObject)));
    const env = Object.fromEntries([...text.matchAll(/env:(\w+)/g)].map(([, name = '']) => [name, 'a value']));
    // What kinds say of their own members is tested with the kinds.
    expect(loadConfigFile(path, folder, { env, check: () => [] }).problems).toEqual([]);
  });
});
