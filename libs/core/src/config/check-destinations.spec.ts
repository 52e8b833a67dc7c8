import type { JsonObject, JsonValue } from '../json.js';
import { checkTenantConfig } from './check-tenant-config.js';
import { aTenantFile } from './testing/a-tenant-file.js';

function problemsOf(changes: Readonly<Record<string, JsonValue>>): string[] {
  const checked = checkTenantConfig(aTenantFile(changes));
  return 'problems' in checked ? checked.problems : [];
}
const ofDestination = (members: JsonObject): string[] =>
  problemsOf(Object.fromEntries(Object.entries(members).map(([name, value]) => [`destinations.0.${name}`, value])));
const ofAuthentication = (authentication: JsonObject): string[] => ofDestination({ authentication });

describe('a destination', () => {
  it.each<[description: string, members: JsonObject]>([
    ['without authentication', { authentication: { kind: 'none' } }],
    ['with a bearer token', { authentication: { kind: 'bearer', token: 't' } }],
    ['with user and password', { authentication: { kind: 'basic', username: 'u', password: '' } }],
    ['with an API key', { authentication: { kind: 'api_key', header: 'X-Api-Key', key: 'k' } }],
    [
      'with OAuth 2 client credentials',
      {
        authentication: {
          kind: 'oauth2_client_credentials',
          token_url: 'https://login.example.com/token',
          client_id: 'c',
          client_secret: 's',
          scope: 'leads.write',
          audience: 'crm',
          client_in: 'body',
        },
      },
    ],
    [
      'that is signed for',
      { authentication: { kind: 'standard_webhooks', secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', previous_secret: 'old' } },
    ],
    ['that takes forms', { body: 'form' }],
    ['that takes XML', { body: 'xml', xml_root: 'Lead' }],
    ['with statuses as numbers', { success: [{ status: 201 }] }],
    [
      'with rules over its answers',
      {
        success: [
          { status: '2xx', path: 'ok', equals: true },
          { status: '200-204', path: 'a', one_of: ['x', 1] },
          { matches: '(?s).*OK.*' },
        ],
        duplicate: [{ status: '409' }, { path: 'error', matches: '(?i).*exists.*', ours_path: 'external_id', record_id_path: 'id' }],
      },
    ],
    ['with a link to its records', { record_url: 'https://crm.example.com/leads/{record_id}?tab=1' }],
  ])('%s is taken', (_description, members) => {
    expect(ofDestination(members)).toEqual([]);
  });

  it.each<[description: string, authentication: JsonObject, problem: string]>([
    ['an unknown kind', { kind: 'magic' }, 'kind: must be one of: none, bearer, basic, api_key'],
    ['a bearer without token', { kind: 'bearer' }, 'token: is missing; write a reference such as env:CUSTOMER_TOKEN'],
    ['a key without its header', { kind: 'api_key', key: 'k' }, 'header: is missing; it names the header that carries the key'],
    ['a member of another kind', { kind: 'bearer', token: 't', key: 'k' }, 'key: has no use beside kind: bearer; remove it'],
    ['a colon in the user name', { kind: 'basic', username: 'a:b', password: 'p' }, 'username: must not hold a colon'],
    ['an empty secret', { kind: 'standard_webhooks', secret: 'whsec_' }, 'secret: holds nothing after whsec_'],
    [
      'a secret that is no base64',
      { kind: 'standard_webhooks', secret: 's', previous_secret: 'whsec_ä' },
      'previous_secret: begins with whsec_',
    ],
  ])('with %s is refused', (_description, authentication, problem) => {
    expect(ofAuthentication(authentication)).toEqual([expect.stringContaining(`destinations[0].authentication.${problem}`)]);
  });

  it('has all its problems listed at once', () => {
    expect(ofAuthentication({ kind: 'oauth2_client_credentials', token: 't' })).toEqual([
      expect.stringContaining('authentication.token: has no use beside kind: oauth2_client_credentials'),
      expect.stringContaining('authentication.token_url: is missing; it is the address where tokens are asked for'),
      expect.stringContaining('authentication.client_id: is missing'),
      expect.stringContaining('authentication.client_secret: is missing; write a reference'),
    ]);
  });

  it.each<[description: string, members: JsonObject, problem: string]>([
    ['a status that is none', { success: [{ status: '2XX' }] }, 'success[0].status: must be a status such as 2xx, 201 or 200-204'],
    ['a range from end to beginning', { success: [{ status: '204-200' }] }, 'success[0].status: begins above its end'],
    ['a rule that says nothing', { success: [{}] }, 'success[0]: says nothing; write a status'],
    ['a path without a condition', { success: [{ path: 'ok' }] }, 'success[0].path: is compared with nothing'],
    ['a condition without a path', { success: [{ equals: true }] }, 'success[0].path: is missing; it says which value'],
    ['two conditions', { success: [{ path: 'a', equals: 1, exists: true }] }, 'success[0]: has equals and exists; keep one'],
    ['a value that is never equal', { success: [{ path: 'a', equals: {} }] }, 'success[0].equals: must be text, a number or true/false'],
    ['a pattern RE2 has not', { duplicate: [{ matches: '(?<!a)b' }] }, 'duplicate[0].matches: is not a pattern in RE2 syntax'],
    ['no rule at all', { success: [] }, 'success: must list at least one entry'],
    ['what only duplicates have', { success: [{ status: '201', ours_path: 'a' }] }, 'success[0].ours_path: is not known here'],
    ['a gap of a million years', { retry_multiples: [1, 1e12] }, 'retry_multiples: each entry must not be greater than 100000'],
    [
      'a schedule without end',
      { retry_multiples: Array.from({ length: 101 }, () => 0) },
      'retry_multiples: must contain no more than 100 elements',
    ],
    ['another body', { body: 'yaml' }, 'body: must be one of: json, form, xml'],
    ['a root without XML', { xml_root: 'lead' }, 'xml_root: has no use without body: xml'],
    ['a root that is no name', { body: 'xml', xml_root: '1 lead' }, 'xml_root: must be the name of an element'],
    ['a link without the id', { record_url: 'https://crm.example.com/leads' }, 'record_url: must say where the id goes: {record_id}'],
    [
      'a link to a host of the answer',
      { record_url: 'https://{record_id}.example.com/' },
      'record_url: must be an address that begins with http',
    ],
    ['a link that is a program', { record_url: 'javascript:alert({record_id})' }, 'record_url: must be an address that begins with http'],
    [
      'a link with a password',
      { record_url: 'https://a:b@crm.example.com/{record_id}' },
      'record_url: must be an address that begins with http',
    ],
  ])('with %s is refused', (_description, members, problem) => {
    expect(ofDestination(members)).toEqual([expect.stringContaining(`destinations[0].${problem}`)]);
  });

  it('that takes XML cannot have members that are no elements', () => {
    const fields = [
      { target: 'lead.2nd', value: 'x' },
      { target: 'lead.xmlns', value: 'x' },
    ];
    expect(problemsOf({ 'destinations.0.body': 'xml', 'mappings.0': { name: 'plain', fields } })).toEqual([
      expect.stringContaining('destinations[0].body: is xml, but the target lead.2nd of its mapping plain must be the name of an element'),
      expect.stringContaining('the target lead.xmlns'),
    ]);
  });

  it('never has a secret repeated', () => {
    const members = { token: 'geheim', secret: 'whsec_geheim!', password: 'geheim', key: 'geheim', client_secret: 'geheim' };
    const kinds = ['none', 'basic', 'api_key', 'oauth2_client_credentials', 'standard_webhooks'];
    expect(kinds.flatMap((kind) => ofAuthentication({ kind, ...members })).join()).not.toContain('geheim');
  });
});

describe('routes', () => {
  const ofRoutes = (...routes: JsonValue[]): string[] => problemsOf({ routes });
  const when = (condition: JsonObject): JsonObject => ({ when: [{ field: ['zip'], ...condition }], to: ['crm'] });

  it.each<[description: string, route: JsonObject]>([
    ['every lead', { when: [], to: ['crm'] }],
    ['the rest', { name: 'rest', otherwise: true, to: ['crm'] }],
    ['a pattern', when({ check: 'matches', pattern: '66.*' })],
    ['a range', when({ check: 'between', min: 1 })],
    ['one of', when({ check: 'in', values: ['a', 1, true] })],
  ])('may take %s', (_description, route) => {
    expect(ofRoutes(route)).toEqual([]);
  });

  it.each<[description: string, route: JsonObject, problem: string]>([
    ['neither when nor otherwise', { to: ['crm'] }, 'routes[0]: has neither when nor otherwise'],
    ['both', { when: [], otherwise: true, to: ['crm'] }, 'routes[0]: has when and otherwise'],
    ['no destination', { when: [], to: [] }, 'routes[0].to: must list at least one entry'],
    ['a destination that is none', { when: [], to: ['fax'] }, 'routes[0].to[0]: names no destination; use one of: crm'],
    ['a destination twice', { when: [], to: ['crm', 'crm'] }, 'routes[0].to[1]: stands in this list already'],
    ['a check that needs a list', when({ check: 'in_list', values: ['a'] }), 'routes[0].when[0].check: must be one of: present, filled'],
    ['a check without its parameter', when({ check: 'equals' }), 'routes[0].when[0].value: is missing; the check "equals"'],
    [
      'a parameter of another check',
      when({ check: 'present', value: 1 }),
      'routes[0].when[0].value: has no use beside the check "present"',
    ],
    ['a range without an end', when({ check: 'between' }), 'routes[0].when[0]: has neither min nor max'],
    ['an empty range', when({ check: 'between', min: 2, max: 1 }), 'routes[0].when[0].min: is greater than max'],
    ['a pattern RE2 has not', when({ check: 'matches', pattern: '(' }), 'routes[0].when[0].pattern: is not a pattern in RE2 syntax'],
  ])('with %s are refused', (_description, route, problem) => {
    expect(ofRoutes(route)).toEqual([expect.stringContaining(problem)]);
  });

  it('have different names', () => {
    const route = { name: 'a', when: [], to: ['crm'] };
    expect(ofRoutes(route, route)).toEqual([expect.stringContaining('routes[1].name: is already the name of routes[0]')]);
  });
});
