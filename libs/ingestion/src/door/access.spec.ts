import { isUnauthenticated, type SourceConfig } from '#core';
import { judgeAccess } from './access.js';
import type { RequestHead } from './request-head.js';

const source = (changes: Partial<SourceConfig>): SourceConfig =>
  ({
    name: 's',
    kind: 'json',
    path: '/in/s',
    answers: 'webhook',
    authentication: { kind: 'none' },
    idempotency: { ttl_hours: 1, invalid_key: 'ignore' },
    ...changes,
  }) as SourceConfig;
const from = (peerAddress: string, headers: RequestHead['headers'] = {}): RequestHead => ({
  method: 'POST',
  path: '/in/s',
  query: null,
  headers,
  requestId: 'r',
  peerAddress,
  remoteAddress: peerAddress,
});
const verdictOf = (one: SourceConfig, head: RequestHead): string => judgeAccess(one, head)?.verdict ?? 'admitted';

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
    expect(verdictOf(source({}), from(peer, headers))).toBe(verdict);
    expect(verdictOf(source({ open: true }), from(peer, headers))).toBe('admitted');
  });

  it('so is one whose secret resolves to empty text', () => {
    const empty = source({ authentication: { kind: 'shared_secret', secret: '' } });
    expect(isUnauthenticated(empty)).toBe(true);
    expect(verdictOf(empty, from('203.0.113.7', { 'x-shared-secret': '' }))).toBe('source_not_open');
  });
});

describe('a source with a shared secret', () => {
  const locked = source({ authentication: { kind: 'shared_secret', secret: 'open sesame' } });

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
    const custom = source({ authentication: { kind: 'shared_secret', secret: 's', header: 'X-Partner-Key' } });
    expect(verdictOf(custom, from('127.0.0.1', { 'x-partner-key': 's' }))).toBe('admitted');
    expect(verdictOf(custom, from('127.0.0.1', { 'x-shared-secret': 's' }))).toBe('missing_authentication');
  });
});
