import type { JsonObject, TenantConfig } from '#core';
import { OutboundRules } from '#platform';
import { destinationProblems } from './destination-problems.js';

function tenantWith(destination: JsonObject, field: JsonObject): TenantConfig {
  const mappings = [{ name: 'contact', fields: [{ target: 'firstname', from: ['first_name'] }, field] }];
  const destinations = [{ name: 'crm', mapping: 'contact', authentication: { kind: 'bearer', token: 't' }, ...destination }];
  return { sources: [], mappings, destinations } as unknown as TenantConfig;
}

const HUBSPOT = { kind: 'hubspot', url: 'https://api.hubapi.com', answers: 'standard', effect: 'upsert' };

describe('the problems of configured destinations', () => {
  it.each<{ description: string; field: JsonObject; problems: RegExp[] }>([
    { description: 'is required', field: { target: 'email', from: ['email'], required_as: 'email' }, problems: [] },
    {
      description: 'may be missing',
      field: { target: 'email', from: ['email'] },
      problems: [/^destinations\[0\]\.mapping: .*required_as: email/],
    },
    {
      description: 'is not mapped',
      field: { target: 'phone', from: ['phone'] },
      problems: [/^destinations\[0\]\.mapping: .*without email/],
    },
  ])('where what a kind finds its records by $description', ({ field, problems }) => {
    const found = destinationProblems(tenantWith(HUBSPOT, field), OutboundRules.strict);
    expect(found).toHaveLength(problems.length);
    problems.forEach((problem, index) => expect(found[index]).toMatch(problem));
  });
});
