import fc from 'fast-check';
import { isJsonObject, type JsonObject, type JsonValue } from '../json.js';
import { checkTenantConfig } from './check-tenant-config.js';
import { TenantConfig } from './tenant-config.js';
import { aTenantFile } from './testing/a-tenant-file.js';

function problemsOf(parsed: unknown): string[] {
  const checked = checkTenantConfig(parsed);
  return 'problems' in checked ? checked.problems : [];
}

const rule = (changes: JsonObject): JsonObject => ({ code: 'CODE', field: ['zip'], check: 'present', ...changes });
const withRules = (...rules: JsonValue[]): JsonObject => aTenantFile({ 'rules.profiles.0.rules': rules });
const withFields = (...fields: JsonValue[]): JsonObject =>
  aTenantFile({ 'mappings.0.fields': [...fields, { target: 'attributes', fact: 'attributes' }] });

describe('checkTenantConfig', () => {
  it('hands out the configuration when nothing is wrong', () => {
    const checked = checkTenantConfig(aTenantFile());
    expect(checked).toEqual({ config: expect.any(TenantConfig) as TenantConfig });
  });

  it('lists all problems at once, each with its place', () => {
    const file = aTenantFile({
      tenant: 'Not A Slug',
      name: undefined,
      extra: 1,
      'sources.0.idempotency.ttl_hours': '24',
      'rules.active': 'gone',
      'rules.profiles.0.rules': [rule({ code: 'no code' }), rule({ check: 'matches', pattern: '(' })],
      'dedup.identities': ['email', 'shoe size'],
      'destinations.0.mapping': 'gone',
    });
    expect(problemsOf(file)).toEqual([
      'extra: is not known here; remove it, or use one of: tenant, name, sources, rules, normalisation, dedup, policy, mappings, destinations, routes, crm_columns',
      'tenant: must be a slug: small letters, digits and dashes, at most 63',
      'name: is missing; it must be text',
      'sources[0].idempotency.ttl_hours: must be a whole number, without quotes',
      'rules.profiles[0].rules[0].code: must be capital letters, digits and underscores, e.g. ZIP_NOT_66XXX',
      'dedup.identities: each entry must be one of: email, phone, native_id',
      expect.stringMatching(/^rules\.profiles\[0\]\.rules\[1\]\.pattern: is not a pattern in RE2 syntax \(/),
      'rules.active: names no profile; use one of: basic, or add a profile with this name under rules.profiles',
      'destinations[0].mapping: names no mapping; use one of: plain, or add it under mappings',
    ]);
  });

  it.each<[description: string, file: unknown, problem: string]>([
    ['a file that holds no object', ['x'], 'A tenant file must hold one object'],
    ['an object where a list belongs', aTenantFile({ mappings: {} }), 'mappings: must be a list'],
    ['a list where an object belongs', aTenantFile({ normalisation: [] }), 'normalisation: must be an object'],
    ['a list in a list', withRules([]), 'rules.profiles[0].rules[0]: must not be a list'],
    ['an empty item', withRules(null), 'rules.profiles[0].rules[0]: is missing; it must be an object'],
    [
      'an unknown member, deep down',
      withRules(rule({ feild: 1 })),
      'rules.profiles[0].rules[0].feild: is not known here; remove it, or use one of: code, field',
    ],
    [
      'a pattern with look-ahead',
      withRules(rule({ check: 'matches', pattern: '(?=6)66' })),
      'rules.profiles[0].rules[0].pattern: is not a pattern in RE2 syntax',
    ],
    [
      'a check without its parameter',
      withRules(rule({ check: 'matches' })),
      'rules.profiles[0].rules[0].pattern: is missing; the check "matches" compares with it',
    ],
    [
      'a check with the parameter of another',
      withRules(rule({ value: 'x' })),
      'rules.profiles[0].rules[0].value: has no use beside the check "present"',
    ],
    [
      'a value that is never equal',
      withRules(rule({ check: 'equals', value: {} })),
      'rules.profiles[0].rules[0].value: must be text, a number or true/false',
    ],
    ['a rule without a field', withRules(rule({ field: [''] })), 'rules.profiles[0].rules[0].field[0]: must be the dot path of a field'],
    [
      'two items of one name',
      aTenantFile({ 'mappings.1': { name: 'plain', fields: [{ target: 'a', value: 'b' }] } }),
      'mappings[1].name: is already the name of mappings[0]',
    ],
    [
      'two sources on one route',
      aTenantFile({ 'sources.1': { ...(aTenantFile().sources as JsonObject[])[0], name: 'other' } }),
      'sources[1].path: is already the path of sources[0]',
    ],
    [
      'a path with a trailing slash',
      aTenantFile({ 'sources.0.path': '/in/' }),
      'sources[0].path: must be an absolute path without a trailing slash',
    ],
    [
      'a region that is none',
      aTenantFile({ 'sources.0.phone_region': 'UK' }),
      'sources[0].phone_region: is not a country that has telephone numbers',
    ],
    [
      'a secret that is never asked for',
      aTenantFile({ 'sources.0.authentication.secret': 'geheim' }),
      'sources[0].authentication.kind: is none, so the secret beside it',
    ],
    [
      'a shared secret without a secret',
      aTenantFile({ 'sources.0.authentication.kind': 'shared_secret' }),
      'sources[0].authentication.secret: is missing',
    ],
    ['a mode nobody carries out', aTenantFile({ 'policy.mode': 'HARSH' }), 'policy.mode: must be one of: OFF'],
    ['an identity that has no field', aTenantFile({ 'normalisation.email': [] }), 'dedup.identities[0]: can never be compared'],
    [
      'a field with two origins',
      withFields({ target: 'a', from: ['b'], value: 'c' }),
      'mappings[0].fields[0]: has from and value of from, value and fact; give exactly one',
    ],
    ['a field with no origin', withFields({ target: 'a' }), 'mappings[0].fields[0]: has none of from, value and fact; give exactly one'],
    [
      'a default that cannot apply',
      withFields({ target: 'a', value: 'b', default: 'c' }),
      'mappings[0].fields[0].default: has no use without from',
    ],
    [
      'a default outside one_of',
      withFields({ target: 'a', from: ['b'], one_of: ['c'], default: 'd' }),
      'mappings[0].fields[0].default: is not in one_of',
    ],
    [
      'a target written twice',
      withFields({ target: 'a', value: 'b' }, { target: 'a', value: 'c' }),
      'mappings[0].fields[1].target: is already the target of fields[0]',
    ],
    [
      'a target inside another',
      withFields({ target: 'a', value: 'b' }, { target: 'a.c', value: 'c' }),
      'mappings[0].fields[1].target: lies inside the target of fields[0]',
    ],
    [
      'a target in a prototype',
      withFields({ target: '__proto__.a', value: 'b' }),
      'mappings[0].fields[0].target: must be the dot path of a member',
    ],
    [
      'attributes that go nowhere',
      aTenantFile({ 'mappings.0.fields.1': { target: 'a', value: 'b' } }),
      'mappings[0].fields: has no field with fact: attributes',
    ],
    [
      'attributes without rules',
      aTenantFile({ 'mappings.0.attributes': undefined }),
      'mappings[0].attributes: is missing; a field has fact: attributes',
    ],
    [
      'an attribute of an unknown type',
      aTenantFile({ 'mappings.0.attributes.rules.area.attribute_type': 'rang' }),
      'mappings[0].attributes.rules.area.attribute_type: must be one of: text, dropdown, range',
    ],
    [
      'a range that is empty',
      aTenantFile({ 'mappings.0.attributes.rules.area': { attribute_type: 'range', min: 2, max: 1 } }),
      'mappings[0].attributes.rules.area.min: is greater than max',
    ],
    [
      'a label for nothing',
      aTenantFile({ 'mappings.0.attributes.labels': { size: 'How large?' } }),
      'mappings[0].attributes.labels.size: is the label of an attribute that has no rule',
    ],
    [
      'a token that is never sent',
      aTenantFile({ 'destinations.0.authentication.kind': 'none' }),
      'destinations[0].authentication.kind: is none, so the token',
    ],
    [
      'an unknown column',
      aTenantFile({ crm_columns: { shoe_size: 'x' } }),
      'crm_columns.shoe_size: is no column of the CRM screen; use one of: click_id',
    ],
    ['a column without a path', aTenantFile({ crm_columns: { email: 7 } }), 'crm_columns.email: must be the dot path of a field'],
  ])('names %s', (_description, file, problem) => {
    expect(problemsOf(file)).toEqual([expect.stringContaining(problem)]);
  });

  it('repeats no value, which may be a secret', () => {
    const file = aTenantFile({
      'sources.0.authentication': { kind: 'none', secret: 'geheim' },
      'destinations.0': { name: 'geheim!', url: 'geheim', authentication: { kind: 'none', token: 'geheim' } },
    });
    expect(problemsOf(file).join()).not.toContain('geheim');
  });

  it('refuses content that refers to itself', () => {
    const file: Record<string, unknown> = aTenantFile();
    file.rules = file;
    expect(problemsOf(file)).toEqual([expect.stringContaining('must not refer to itself')]);
  });

  it('never throws, whatever stands anywhere in the file', () => {
    const places = placesIn(aTenantFile());
    fc.assert(
      fc.property(fc.constantFrom(...places), fc.jsonValue(), (place, value) => {
        const checked = checkTenantConfig(aTenantFile({ [place]: value as JsonValue }));
        if ('problems' in checked) expect(checked.problems.length).toBeGreaterThan(0);
      }),
      { numRuns: 1000 },
    );
  });
});

/** Every path of the file, lists' indexes included. */
function placesIn(value: JsonValue | undefined, at = ''): string[] {
  const members = isJsonObject(value) || Array.isArray(value) ? Object.entries(value) : [];
  return members.flatMap(([name, member]) => {
    const place = at === '' ? name : `${at}.${name}`;
    return [place, ...placesIn(member as JsonValue, place)];
  });
}
