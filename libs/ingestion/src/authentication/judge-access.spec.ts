import type { Principal } from '#access';
import { isUnauthenticated, type SourceAuthentication, type SourceConfig, type SourceId, type TenantId } from '#core';
import { judgeAccess } from './judge-access.js';
import type { ShownRequest } from './scheme.js';
import { aShownRequest, aSource, SOURCE_ID } from './testing/a-source.js';

const verdictOf = (source: SourceConfig, request: ShownRequest): string => judgeAccess(source, request)?.verdict ?? 'admitted';
const from = (peerAddress: string, headers: ShownRequest['head']['headers'] = {}): ShownRequest => aShownRequest({ peerAddress, headers });

describe('a source without authentication', () => {
  it.each([
    ['127.0.0.1', {}, 'admitted'],
    ['127.8.0.1', {}, 'admitted'],
    ['::1', {}, 'admitted'],
    ['10.0.0.5', {}, 'source_not_open'],
    ['203.0.113.7', {}, 'source_not_open'],
    ['2001:db8::1', {}, 'source_not_open'],
    ['unknown', {}, 'source_not_open'],
    ['127.0.0.1', { 'x-forwarded-for': '203.0.113.7' }, 'source_not_open'],
    ['127.0.0.1', { forwarded: 'for=203.0.113.7' }, 'source_not_open'],
    ['127.0.0.1', { 'x-real-ip': '127.0.0.1' }, 'source_not_open'],
    ['127.0.0.1', { via: '1.1 proxy' }, 'source_not_open'],
  ])('%s with %j: %s', (peer, headers, verdict) => {
    expect(verdictOf(aSource(), from(peer, headers))).toBe(verdict);
    expect(verdictOf(aSource({ open: true }), from(peer, headers))).toBe('admitted');
  });

  it.each(['shared_secret', 'hmac_signature', 'standard_webhooks', 'body_secret'] as const)(
    'so is one whose %s resolves to empty text, and no empty proof opens it',
    (kind) => {
      const empty = aSource({ authentication: { kind, secret: '', field: 'key' } });
      expect(isUnauthenticated(empty)).toBe(true);
      expect(verdictOf(empty, from('203.0.113.7', { 'x-shared-secret': '' }))).toBe('source_not_open');
    },
  );
});

describe('a source with a shared secret', () => {
  const locked = aSource({ authentication: { kind: 'shared_secret', secret: 'open sesame' } });

  it('takes the secret from anywhere, and nothing else', () => {
    expect(verdictOf(locked, from('203.0.113.7', { 'x-shared-secret': 'open sesame' }))).toBe('admitted');
    expect(verdictOf(locked, from('127.0.0.1'))).toBe('missing_authentication');
  });

  it('refuses secrets of every length without an error', () => {
    for (let length = 1; length <= 500; length += 1) {
      expect(verdictOf(locked, from('127.0.0.1', { 'x-shared-secret': 'open sesame'.repeat(50).slice(0, length) }))).toBe(
        length === 11 ? 'admitted' : 'invalid_authentication',
      );
    }
  });

  it('reads the header its configuration names', () => {
    const custom = aSource({ authentication: { kind: 'shared_secret', secret: 's', header: 'X-Partner-Key' } });
    expect(verdictOf(custom, from('127.0.0.1', { 'x-partner-key': 's' }))).toBe('admitted');
    expect(verdictOf(custom, from('127.0.0.1', { 'x-shared-secret': 's' }))).toBe('missing_authentication');
  });

  it('takes the secret before while its sender changes over, and not an empty one', () => {
    const changing = (previous_secret: string): SourceConfig =>
      aSource({ authentication: { kind: 'shared_secret', secret: 'new', previous_secret } });
    const old = from('203.0.113.7', { 'x-shared-secret': 'old' });
    expect(verdictOf(changing('old'), old)).toBe('admitted');
    expect(verdictOf(changing('old'), from('203.0.113.7', { 'x-shared-secret': 'new' }))).toBe('admitted');
    expect(verdictOf(changing(''), old)).toBe('invalid_authentication');
    expect(verdictOf(changing(''), from('203.0.113.7', { 'x-shared-secret': '' }))).toBe('missing_authentication');
  });
});

describe('a source with API keys', () => {
  const keyed = aSource({ authentication: { kind: 'api_key' } });
  const tenantId = 'acme' as TenantId;
  const shown = (principal: Principal | null): ShownRequest => aShownRequest({ principal, headers: { authorization: 'Bearer lg_x' } });

  it('takes a key of this source only', () => {
    expect(verdictOf(keyed, shown({ scope: 'source', keyId: 'k', tenantId, sourceId: SOURCE_ID }))).toBe('admitted');
    const other = '0199aa00-0000-7000-8000-000000000002' as SourceId;
    expect(verdictOf(keyed, shown({ scope: 'source', keyId: 'k', tenantId, sourceId: other }))).toBe('invalid_authentication');
    expect(verdictOf(keyed, shown({ scope: 'tenant', keyId: 'k', tenantId }))).toBe('invalid_authentication');
    expect(verdictOf(keyed, shown({ scope: 'operator', keyId: 'k' }))).toBe('invalid_authentication');
    expect(verdictOf(keyed, shown(null))).toBe('invalid_authentication');
    expect(verdictOf(keyed, aShownRequest())).toBe('missing_authentication');
  });

  it('is never open to loopback without a key', () => {
    expect(verdictOf(keyed, from('127.0.0.1'))).toBe('missing_authentication');
  });
});

describe('a source whose secret is in the body', () => {
  const source = (changes: Partial<SourceAuthentication> = {}): SourceConfig =>
    aSource({ authentication: { kind: 'body_secret', field: 'google_key', secret: 'open sesame', ...changes } });
  const json = (body: string): ShownRequest => aShownRequest({ body, headers: { 'content-type': 'application/json' } });

  it.each([
    ['as it is', '{"google_key":"open sesame"}', 'admitted'],
    ['with escapes', '{"google\\u005fkey" :\n "open\\u0020sesame"}', 'admitted'],
    ['after a byte order mark', '\uFEFF{"google_key":"open sesame"}', 'admitted'],
    ['another', '{"google_key":"open sesam"}', 'invalid_authentication'],
    ['empty', '{"google_key":""}', 'missing_authentication'],
    ['an object', '{"google_key":{"google_key":"open sesame"}}', 'invalid_authentication'],
    ['further down only', '{"a":{"google_key":"open sesame"}}', 'missing_authentication'],
    ['in a value', '{"a":"\\"google_key\\":\\"open sesame\\""}', 'missing_authentication'],
    ['twice, the last one right', '{"google_key":"x","google_key":"open sesame"}', 'admitted'],
    ['twice, the last one wrong', '{"google_key":"open sesame","google_key":"x"}', 'invalid_authentication'],
    ['nowhere', '', 'missing_authentication'],
    ['unfinished', '{"google_key":"open ses', 'invalid_authentication'],
  ])('%s', (_description, body, verdict) => {
    expect(verdictOf(source(), json(body))).toBe(verdict);
  });

  it('may be a number, and the one before', () => {
    expect(verdictOf(source({ secret: '12345678' }), json('{"google_key": 12345678 }'))).toBe('admitted');
    expect(verdictOf(source({ secret: 'new', previous_secret: 'open sesame' }), json('{"google_key":"open sesame"}'))).toBe('admitted');
  });

  it('is found in forms', () => {
    const urlencoded = { 'content-type': 'application/x-www-form-urlencoded' };
    expect(verdictOf(source(), aShownRequest({ body: 'a=1&google%5Fkey=open+sesame&b', headers: urlencoded }))).toBe('admitted');
    expect(verdictOf(source(), aShownRequest({ body: 'xgoogle_key=open+sesame', headers: urlencoded }))).toBe('missing_authentication');
    const multipart = { 'content-type': 'multipart/form-data; boundary=b' };
    const body = '--b\r\nContent-Disposition: form-data; name="google_key"\r\n\r\nopen sesame\r\n--b--\r\n';
    expect(verdictOf(source(), aShownRequest({ body, headers: multipart }))).toBe('admitted');
  });
});
