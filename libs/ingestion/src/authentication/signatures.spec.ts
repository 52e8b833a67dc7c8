import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import type { SourceAuthentication, SourceConfig } from '#core';
import { judgeAccess } from './judge-access.js';
import type { ShownRequest } from './scheme.js';
import { aShownRequest, aSource } from './testing/a-source.js';

const verdictOf = (source: SourceConfig, request: ShownRequest): string => judgeAccess(source, request)?.verdict ?? 'admitted';

describe('a source with a signature over its body', () => {
  const source = (changes: Partial<SourceAuthentication> = {}): SourceConfig =>
    aSource({ authentication: { kind: 'hmac_signature', secret: "It's a Secret to Everybody", ...changes } });
  const signed = (signature: string, body: string | Buffer = 'Hello, World!', name = 'x-hub-signature-256'): ShownRequest =>
    aShownRequest({ body, headers: { [name]: signature } });

  // The worked example of GitHub's documentation (docs.github.com, "Validating webhook deliveries").
  const GITHUB = 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17';

  it('takes the example of the documentation', () => {
    expect(verdictOf(source(), signed(GITHUB))).toBe('admitted');
    expect(verdictOf(source(), signed(GITHUB.replace('757107ea', '757107EA')))).toBe('admitted');
  });

  it('refuses it over any other byte', () => {
    const body = Buffer.from('Hello, World!');
    for (let at = 0; at < body.length; at += 1) {
      const changed = Buffer.from(body);
      changed[at] = (changed[at] as number) ^ 1;
      expect(verdictOf(source(), signed(GITHUB, changed))).toBe('invalid_authentication');
    }
    expect(verdictOf(source(), signed(GITHUB, 'Hello, World! '))).toBe('invalid_authentication');
  });

  it('reads base64 where the configuration says so, as Typeform sends it', () => {
    const typeform = source({ header: 'Typeform-Signature', encoding: 'base64' });
    const digest = createHmac('sha256', "It's a Secret to Everybody").update('Hello, World!');
    const base64 = `sha256=${digest.digest('base64')}`;
    expect(verdictOf(typeform, signed(base64, undefined, 'typeform-signature'))).toBe('admitted');
    expect(verdictOf(typeform, signed(GITHUB, undefined, 'typeform-signature'))).toBe('invalid_authentication');
    expect(verdictOf(typeform, signed(base64))).toBe('missing_authentication');
  });

  it('takes the secret before while the sender changes over', () => {
    const changing = source({ secret: 'new', previous_secret: "It's a Secret to Everybody" });
    expect(verdictOf(changing, signed(GITHUB))).toBe('admitted');
    expect(verdictOf(source({ secret: 'new' }), signed(GITHUB))).toBe('invalid_authentication');
  });

  it('refuses whatever else stands in the header, of any length, without an error', () => {
    for (let length = 0; length <= 500; length += 1) {
      const cut = 'sha256='.padEnd(length, '5');
      for (const encoding of ['hex', 'base64'] as const) expect(verdictOf(source({ encoding }), signed(cut))).not.toBe('admitted');
    }
    fc.assert(fc.property(fc.string(), (text) => verdictOf(source(), signed(text)) !== 'admitted'));
  });
});

describe('a source with Standard Webhooks', () => {
  const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
  const ID = 'msg_p5jXN8AQM9LWM0D4loKWxJek';
  const SENT = 1_614_265_330;
  const BODY = '{"test": 2432232314}';
  // What the reference libraries' own tests expect for these (standard-webhooks/libraries, "sign function").
  const REFERENCE = 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=';

  const source = (changes: Partial<SourceAuthentication> = {}): SourceConfig =>
    aSource({ authentication: { kind: 'standard_webhooks', secret: SECRET, ...changes } });
  const sign = (id: string, timestamp: string, body: string, key = Buffer.from(SECRET.slice(6), 'base64')): string =>
    `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
  const shown = ({ id = ID, timestamp = `${SENT}`, signature = REFERENCE, body = BODY, now = SENT } = {}): ShownRequest =>
    aShownRequest({ body, now, headers: { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature } });

  it('takes what the reference libraries sign', () => {
    expect(sign(ID, `${SENT}`, BODY)).toBe(REFERENCE);
    expect(verdictOf(source(), shown())).toBe('admitted');
  });

  it('wants all three headers', () => {
    for (const missing of ['id', 'timestamp', 'signature']) {
      expect(verdictOf(source(), shown({ [missing]: '' }))).toBe('missing_authentication');
    }
  });

  it('signs id, time and body', () => {
    expect(verdictOf(source(), shown({ id: `${ID}x` }))).toBe('invalid_authentication');
    expect(verdictOf(source(), shown({ timestamp: `${SENT + 1}` }))).toBe('invalid_authentication');
    expect(verdictOf(source(), shown({ timestamp: `0${SENT}` }))).toBe('invalid_authentication');
    expect(verdictOf(source(), shown({ body: '{"test":2432232314}' }))).toBe('invalid_authentication');
  });

  it.each([
    [-301, 'invalid_authentication'],
    [-300, 'admitted'],
    [0, 'admitted'],
    [300, 'admitted'],
    [301, 'invalid_authentication'],
  ])('is taken %d s from our clock: %s', (seconds, verdict) => {
    expect(verdictOf(source(), shown({ now: SENT + seconds }))).toBe(verdict);
  });

  it.each(['', ' ', 'now', '-1614265330', '1614265330.0', '1e9', '0x60381f32', '16142653300000000'])(
    'does not take %j for a time',
    (timestamp) => {
      expect(verdictOf(source(), shown({ timestamp, signature: sign(ID, timestamp, BODY) }))).not.toBe('admitted');
    },
  );

  it('refuses an id with a dot, which could be moved into the time, before anything else', () => {
    const id = 'a.1';
    expect(verdictOf(source(), shown({ id, signature: sign(id, `${SENT}`, BODY) }))).toBe('invalid_webhook_id');
    expect(verdictOf(source(), shown({ id: 'a b' }))).toBe('invalid_webhook_id');
    expect(verdictOf(source(), shown({ id: 'a'.repeat(256) }))).toBe('invalid_webhook_id');
  });

  it('is satisfied with one of several signatures', () => {
    const other = sign(ID, `${SENT}`, BODY, Buffer.from('another key'));
    expect(verdictOf(source(), shown({ signature: `${other} ${REFERENCE}` }))).toBe('admitted');
    expect(verdictOf(source(), shown({ signature: `v1a,${REFERENCE.slice(3)} v2,x ${REFERENCE}` }))).toBe('admitted');
    expect(verdictOf(source(), shown({ signature: other }))).toBe('invalid_authentication');
    expect(verdictOf(source(), shown({ signature: REFERENCE.replace('v1,', 'v2,') }))).toBe('invalid_authentication');
    expect(verdictOf(source(), shown({ signature: REFERENCE.slice(3) }))).toBe('invalid_authentication');
  });

  it('takes the secret before, and secrets that are plain text', () => {
    expect(verdictOf(source({ secret: 'new', previous_secret: SECRET }), shown())).toBe('admitted');
    const plain = sign(ID, `${SENT}`, BODY, Buffer.from('plain text'));
    expect(verdictOf(source({ secret: 'plain text' }), shown({ signature: plain }))).toBe('admitted');
  });

  it('refuses whatever else stands in the header, of any length, without an error', () => {
    for (let length = 0; length <= 500; length += 1) {
      expect(verdictOf(source(), shown({ signature: 'v1,'.padEnd(length, 'A') }))).not.toBe('admitted');
    }
    fc.assert(fc.property(fc.string(), (signature) => verdictOf(source(), shown({ signature })) !== 'admitted'));
  });
});
