import fc from 'fast-check';
import type { JsonObject, JsonValue } from '../json.js';
import { checkTenantConfig } from './check-tenant-config.js';
import { aTenantFile } from './testing/a-tenant-file.js';

const SOURCE = (aTenantFile().sources as JsonObject[])[0] as JsonObject;
const problemsOf = (...sources: JsonObject[]): string[] => {
  const checked = checkTenantConfig(aTenantFile({ sources: sources.map((source, s) => ({ ...SOURCE, name: `s${s}`, ...source })) }));
  return 'problems' in checked ? checked.problems : [];
};
const withAuthentication = (authentication: JsonObject): string[] => problemsOf({ authentication });
const withIdempotency = (more: JsonObject): string[] => problemsOf({ idempotency: { ttl_hours: 24, invalid_key: 'ignore', ...more } });

describe('sound sources', () => {
  it.each<[description: string, source: JsonObject]>([
    ['without authentication', {}],
    ['a shared secret in its own header', { authentication: { kind: 'shared_secret', secret: 's', header: 'X-Key' } }],
    ['a secret that is not set', { authentication: { kind: 'shared_secret', secret: '' } }],
    ['two secrets while the sender changes over', { authentication: { kind: 'hmac_signature', secret: 's', previous_secret: 't' } }],
    ['API keys', { authentication: { kind: 'api_key' } }],
    [
      'a signature in base64',
      { authentication: { kind: 'hmac_signature', secret: 's', header: 'Typeform-Signature', encoding: 'base64' } },
    ],
    ['Standard Webhooks', { authentication: { kind: 'standard_webhooks', secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw' } }],
    ['Standard Webhooks with plain text', { authentication: { kind: 'standard_webhooks', secret: 'plain text' } }],
    ['a secret in the body', { authentication: { kind: 'body_secret', secret: 's', field: 'google_key' } }],
    [
      'a key in the body',
      { idempotency: { ttl_hours: 1, invalid_key: 'ignore', key: 'body_field', field: 'a.b', other_body: 'new_submission' } },
    ],
    ['a key in the webhook id', { idempotency: { ttl_hours: 1, invalid_key: 'ignore', key: 'webhook_id' } }],
    ['names of fields', { field_names: { a1B2: 'address.zip' } }],
    ['a place to fetch from', { fetch: { base_url: 'https://graph.facebook.com/v21.0', access_token: 't' } }],
  ])('%s', (_description, source) => {
    expect(problemsOf(source)).toEqual([]);
  });
});

describe('authentication', () => {
  it.each<[description: string, authentication: JsonObject, problem: string]>([
    ['a missing secret', { kind: 'hmac_signature' }, 'secret: is missing; write a reference'],
    ['a missing member', { kind: 'body_secret', secret: 's' }, 'field: is missing; it names the member of the body'],
    [
      'a secret beside keys',
      { kind: 'api_key', secret: 's' },
      'secret: has no use beside kind: api_key; remove it, leadgate api-keys create',
    ],
    ['a secret beside nothing', { kind: 'none', secret: 's' }, 'kind: is none, so the secret beside it would never be asked for'],
    ['a secret before beside nothing', { kind: 'none', previous_secret: 's' }, 'previous_secret: has no use beside kind: none'],
    [
      'a header that has a fixed name',
      { kind: 'standard_webhooks', secret: 's', header: 'X' },
      'header: has no use beside kind: standard_webhooks',
    ],
    [
      'an encoding of no digest',
      { kind: 'shared_secret', secret: 's', encoding: 'hex' },
      'encoding: has no use beside kind: shared_secret',
    ],
    ['a member without a body secret', { kind: 'shared_secret', secret: 's', field: 'x' }, 'field: has no use beside kind: shared_secret'],
    ['a header that is none', { kind: 'shared_secret', secret: 's', header: 'X Key' }, 'header: must be the name of a header'],
    [
      'a signing key that is no base64',
      { kind: 'standard_webhooks', secret: 'whsec_äöü' },
      'secret: begins with whsec_ and must go on in base64',
    ],
    [
      'a signing key that is empty',
      { kind: 'standard_webhooks', secret: 's', previous_secret: 'whsec_' },
      'previous_secret: holds nothing after whsec_',
    ],
    ['a secret like what covers it', { kind: 'body_secret', secret: '****', field: 'x' }, 'secret: must not be made of asterisks only'],
  ])('names %s', (_description, authentication, problem) => {
    expect(withAuthentication(authentication)).toEqual([expect.stringContaining(`sources[0].authentication.${problem}`)]);
  });

  it('names an open door beside keys', () => {
    expect(problemsOf({ authentication: { kind: 'api_key' }, open: true })).toEqual([
      expect.stringMatching(/^sources\[0\]\.open: has no use/),
    ]);
  });

  it('repeats no secret', () => {
    expect(
      withAuthentication({ kind: 'standard_webhooks', secret: 'whsec_geheim!', header: 'geheim', field: 'geheim' }).join(),
    ).not.toContain('geheim');
  });
});

describe('idempotency', () => {
  it.each<[description: string, idempotency: JsonObject, problem: string]>([
    ['a key in the body that is nowhere', { key: 'body_field' }, 'field: is missing; it names the member of the body that is the key'],
    ['a key in the body at no path', { key: 'body_field', field: '.a' }, 'field: must be the dot path of a field'],
    ['a field beside a key in a header', { field: 'a' }, 'field: has no use without key: body_field'],
    ['another body under a key in a header', { key: 'webhook_id', other_body: 'refuse' }, 'other_body: has no use without key: body_field'],
  ])('names %s', (_description, idempotency, problem) => {
    expect(withIdempotency(idempotency)).toEqual([expect.stringContaining(`sources[0].idempotency.${problem}`)]);
  });
});

describe('routes', () => {
  const keyed = { authentication: { kind: 'api_key' } };
  it('may be shared by sources with keys', () => {
    expect(problemsOf(keyed, keyed, keyed)).toEqual([]);
  });

  it.each<[description: string, first: JsonObject, second: JsonObject, why: string]>([
    ['two without keys', {}, {}, 'a route belongs to one source, unless each of its sources has authentication.kind: api_key'],
    ['one with keys and one without', keyed, {}, 'a route belongs to one source'],
    ['one without keys and one with', {}, keyed, 'a route belongs to one source'],
    ['two guards', { kind: 'guard' }, { kind: 'guard' }, 'a tenant has one source at a route where tenant_id'],
    ['a guard and one with keys', { kind: 'guard' }, keyed, 'a route belongs to one source'],
  ])('are not shared by %s', (_description, first, second, why) => {
    expect(problemsOf(first, second)).toEqual([expect.stringContaining(`sources[1].path: is already the path of sources[0]; ${why}`)]);
  });
});

it.each<JsonValue>(['', '.a', 'a.', 'a..b', '__proto__.a', 'constructor.prototype', 7, null, {}])('a field is not named %j', (name) => {
  expect(problemsOf({ field_names: { a1B2: name } })).toEqual([
    'sources[0].field_names.a1B2: must be the dot path of a field, e.g. email or address.zip',
  ]);
});

it.each(['https://user:geheim@graph.example.com', 'https://graph.example.com?access_token=geheim'])(
  'nothing is fetched from %s',
  (base_url) => {
    const found = problemsOf({ fetch: { base_url, access_token: 't' } });
    expect(found).toEqual([expect.stringContaining('sources[0].fetch.base_url: must be an address without user name')]);
    expect(found.join()).not.toContain('geheim');
  },
);

it('nothing in a source makes the check throw', () => {
  const member = fc.constantFrom('field_names', 'fetch', 'authentication', 'idempotency', 'path', 'handshake_token', 'open');
  fc.assert(
    fc.property(member, fc.jsonValue(), (name, value) => {
      expect(Array.isArray(problemsOf({ [name]: value as JsonValue }, { [name]: value as JsonValue }))).toBe(true);
    }),
    { numRuns: 500 },
  );
});
