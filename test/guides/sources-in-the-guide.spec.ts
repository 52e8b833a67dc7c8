import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkTenantConfig, type JsonObject } from '#core';
import { SourceKinds } from '#ingestion';
import { OutboundHttp } from '#platform';
import { parse } from 'yaml';
import { aTenantFile } from '../../libs/core/src/config/testing/a-tenant-file.js';
import { isFetchingSource } from '../../libs/delivery/src/configured-destinations.js';
import { DestinationRegistry } from '../../libs/delivery/src/destination-registry.js';
import { fetchers } from '../../libs/delivery/src/destinations/fetchers.js';

const guide = readFileSync(join(__dirname, '..', '..', 'docs', 'guides', 'add-a-source.md'), 'utf8');
const blocks = [...guide.matchAll(/^```yaml\n([^]*?)^```$/gm)].map(([, text]) => (parse(text!) as { sources: JsonObject[] }).sources);

it('the sources of known kinds that the guide shows can be used as they stand', () => {
  const sources = blocks[0]!;
  expect(sources.map(({ kind }) => kind)).toEqual(['meta', 'google-ads', 'typeform']);
  const checked = checkTenantConfig(aTenantFile({ sources }));
  expect(checked).toMatchObject({ config: { tenant: 'acme' } });
  if ('config' in checked) expect(new SourceKinds().problemsOf(checked.config)).toEqual([]);
});

it('somebody fetches the leads of every source that sends ids only', () => {
  const registry = new DestinationRegistry([], fetchers(new OutboundHttp({ userAgent: 'leadgate/test' })));
  const checked = checkTenantConfig(aTenantFile({ sources: blocks[0]! }));
  const sources = 'config' in checked ? checked.config.sources.filter(isFetchingSource) : [];
  const kinds = new SourceKinds().all().filter(({ fetches }) => fetches === true);
  expect(sources.map(({ kind }) => kind)).toEqual(kinds.map(({ kind }) => kind));
  for (const source of sources) expect(registry.fetchProblems(source)).toEqual([]);
});

it('the source of the new kind lacks nothing but its kind', () => {
  const checked = checkTenantConfig(aTenantFile({ sources: blocks[1]! }));
  expect(checked).toMatchObject({ config: { tenant: 'acme' } });
  if ('config' in checked)
    expect(new SourceKinds().problemsOf(checked.config)).toEqual([expect.stringContaining('"quote-desk" is not a kind')]);
});

it('the guide names every kind there is', () => {
  for (const { kind } of new SourceKinds().all()) expect(guide).toContain(`| \`${kind}\` |`);
});
