import { formatHead, parseExpectedHead } from './chain-verdict.js';

const HASH = 'ab'.repeat(32);

describe('parseExpectedHead', () => {
  it('reads what formatHead writes', () => {
    const head = formatHead('demo', 12345678901234567890n, Buffer.from(HASH, 'hex'));
    expect(parseExpectedHead(head)).toEqual({ tenantId: 'demo', seq: 12345678901234567890n, hash: HASH });
    expect(parseExpectedHead(` ${head}\n`, 'demo')).toEqual({ tenantId: 'demo', seq: 12345678901234567890n, hash: HASH });
  });

  it('takes a bare hash when the tenant is known', () => {
    expect(parseExpectedHead(HASH, 'demo')).toEqual({ tenantId: 'demo', seq: null, hash: HASH });
  });

  it('says that a bare hash needs its tenant', () => {
    expect(() => parseExpectedHead(HASH)).toThrow('needs --tenant');
  });

  it('says when a head belongs to another tenant than the one asked for', () => {
    expect(() => parseExpectedHead(`other:1:${HASH}`, 'demo')).toThrow('--tenant');
  });

  it.each(['', 'demo', `demo:0:${HASH}`, `demo:01:${HASH}`, `demo:1:${HASH}0`, `demo:1:${HASH.toUpperCase()}`, `:1:${HASH}`])(
    'says how a head is written: %s',
    (text) => {
      expect(() => parseExpectedHead(text, 'demo')).toThrow('An expected head is <tenant>:<seq>:<hash>');
    },
  );
});
