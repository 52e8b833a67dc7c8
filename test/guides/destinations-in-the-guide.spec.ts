import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkTenantConfig, type JsonObject } from '#core';
import { destinationProblems } from '#delivery';
import { OutboundRules } from '#platform';
import { parse } from 'yaml';
import { aTenantFile } from '../../libs/core/src/config/testing/a-tenant-file.js';

const guide = readFileSync(join(__dirname, '..', '..', 'docs', 'guides', 'hubspot-and-salesforce.md'), 'utf8');
const examples = [...guide.matchAll(/^```yaml\n([^]*?)^```$/gm)].map(([, text]) => parse(text!) as JsonObject);

describe('the destinations that the guide shows', () => {
  it('are one of each', () => {
    expect(examples.map(({ destinations }) => (destinations as JsonObject[])[0]?.['kind'])).toEqual(['hubspot', 'salesforce']);
  });

  it.each(examples.map((example, index) => [index, example] as const))('can be used as they stand: example %d', (_index, example) => {
    const checked = checkTenantConfig(aTenantFile(example));
    expect(checked).toMatchObject({ config: { tenant: 'acme' } });
    if ('config' in checked) expect(destinationProblems(checked.config, OutboundRules.strict)).toEqual([]);
  });
});
