import fc from 'fast-check';
import type { JsonObject, SourceConfig } from '#core';
import { aSource } from './testing/a-source.js';
import { withoutSecrets } from './without-secrets.js';

const SECRET = 'geheim-123';
const source = (secret = SECRET, previous_secret?: string): SourceConfig =>
  aSource({ authentication: { kind: 'body_secret', field: 'key', secret, ...(previous_secret === undefined ? {} : { previous_secret }) } });
const JSON_TYPE = 'application/json';
const FORM_TYPE = 'application/x-www-form-urlencoded';
const covered = (body: string, contentType: string | null = JSON_TYPE, from = source()): string =>
  withoutSecrets(from, Buffer.from(body), contentType).toString();

describe('in JSON', () => {
  it.each([
    ['the value, nothing else', '{"a" : 1, "key":"geheim-123" ,"b":[]}', '{"a" : 1, "key":"**********" ,"b":[]}'],
    ['a wrong value too', '{"key":"wrong"}', '{"key":"*****"}'],
    ['every repetition', '{"key":"a","x":0,"key":"bc"}', '{"key":"*","x":0,"key":"**"}'],
    ['a name with escapes', '{"k\\u0065y":"ab"}', '{"k\\u0065y":"**"}'],
    ['a value with escapes', '{"key":"a\\"b\\\\"}', '{"key":"******"}'],
    ['blanks of every kind', '{"key"\t:\r\n "ab"}', '{"key"\t:\r\n "**"}'],
    ['after a byte order mark', '\uFEFF{"key":"ab"}', '\uFEFF{"key":"**"}'],
    ['multi-byte characters, byte for byte', '{"key":"ü€"}', '{"key":"*****"}'],
    ['a number', '{"key":12345}', '{"key":"***"}'],
    ['one digit', '{"key":7}', '{"key":0}'],
    ['an object', '{"key":{"a":"}"},"b":1}', '{"key":"*******","b":1}'],
    ['a list', '{"key":["]",[1]],"b":1}', '{"key":"*******","b":1}'],
    ['not a member of that name further down', '{"a":{"key":"ab"},"l":[{"key":"ab"}]}', '{"a":{"key":"ab"},"l":[{"key":"ab"}]}'],
    ['not what only looks like it', '{"a":"\\"key\\":\\"x\\"","b":"key"}', '{"a":"\\"key\\":\\"x\\"","b":"key"}'],
    ['the secret wherever else it stands', '{"note":"my geheim-123!","key":"x"}', '{"note":"my **********!","key":"*"}'],
    ['the secret with escapes', '{"note":"gehe\\u0069m-123","key":"x"}', '{"note":"***************","key":"*"}'],
  ])('%s', (_description, body, expected) => {
    expect(covered(body)).toBe(expected);
  });

  it('the secret before as well', () => {
    expect(covered('{"note":"old-secret","key":"x"}', JSON_TYPE, source('new-secret', 'old-secret'))).toBe(
      '{"note":"**********","key":"*"}',
    );
  });

  it('a short secret only where it is the value: elsewhere it is part of words', () => {
    expect(covered('{"note":"contest","key":"test"}', JSON_TYPE, source('test'))).toBe('{"note":"contest","key":"****"}');
  });
});

describe('in forms', () => {
  it.each([
    ['a field', FORM_TYPE, 'a=1&key=geheim-123&b=2', 'a=1&key=**********&b=2'],
    ['every repetition, as a list or object too', FORM_TYPE, 'key=ab&key[]=cd&key[x]=e&keys=f', 'key=**&key[]=**&key[x]=*&keys=f'],
    ['a name with escapes', FORM_TYPE, '%6Bey=a%20b', '%6Bey=*****'],
    ['the secret with escapes elsewhere', FORM_TYPE, 'a=x%67eheim-123', 'a=x************'],
    ['JSON under the type of a form', FORM_TYPE, '{"key":"ab"}', '{"key":"**"}'],
    [
      'a part of a multipart form',
      'multipart/form-data; boundary="x y"',
      '--x y\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x y\r\ncontent-disposition:form-data; name=key\r\nX: y\r\n\r\na\r\nb\r\n--x y--',
      '--x y\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x y\r\ncontent-disposition:form-data; name=key\r\nX: y\r\n\r\n****\r\n--x y--',
    ],
    [
      'not a file of that name',
      'multipart/form-data; boundary=b',
      '--b\r\nContent-Disposition: form-data; name="a"; filename="key"\r\n\r\nab\r\n--b--',
      '--b\r\nContent-Disposition: form-data; name="a"; filename="key"\r\n\r\nab\r\n--b--',
    ],
  ])('%s', (_description, contentType, body, expected) => {
    expect(covered(body, contentType)).toBe(expected);
  });
});

describe('in what nobody can read', () => {
  it.each([
    ['JSON that breaks off', JSON_TYPE, '{"a":1,"key":"wro', '{"a":1,"key":"***'],
    ['JSON that breaks off in an escape', JSON_TYPE, '{"key":"wrong\\', '{"key":"******'],
    ['JSON with rubbish before it', JSON_TYPE, 'x{"a":{"key":"wrong"}', 'x{"a":{"key":"*****"}'],
    ['a list of objects', JSON_TYPE, '[{"key":"wrong"}]', '[{"key":"*****"}]'],
    ['text', 'text/plain', 'my key is geheim-123', 'my key is **********'],
    ['XML', 'text/xml', '<key>geheim-123</key>', '<key>**********</key>'],
    ['a form without a type', null, 'a=1&key=wrong', 'a=1&key=*****'],
    [
      'a multipart form without a boundary',
      'multipart/form-data',
      '--b\nContent-Disposition: form-data; name="key"\n\nwrong\n--b--',
      '--b\nContent-Disposition: form-data; name="key"\n\n*****\n--b--',
    ],
  ])('%s', (_description, contentType, body, expected) => {
    expect(covered(body, contentType)).toBe(expected);
  });

  it('UTF-16, and bytes that are no text', () => {
    const utf16 = Buffer.from(`{"key":"${SECRET}"}`, 'utf16le');
    const bytes = withoutSecrets(source(), utf16, JSON_TYPE);
    expect(bytes.includes(Buffer.from(SECRET, 'utf16le'))).toBe(false);
    const broken = Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(SECRET), Buffer.from([0xc3])]);
    expect(withoutSecrets(source(), broken, JSON_TYPE).includes(SECRET)).toBe(false);
  });

  it('a compressed body: only its length is left', () => {
    expect(withoutSecrets(source(), Buffer.from('xyz'), JSON_TYPE, 'gzip').toString()).toBe('***');
    expect(withoutSecrets(source(), Buffer.from('xyz'), JSON_TYPE, 'identity').toString()).toBe('xyz');
  });
});

it('leaves the bytes of other sources alone', () => {
  const bytes = Buffer.from('{"key":"geheim-123"}');
  expect(withoutSecrets(aSource({ authentication: { kind: 'shared_secret', secret: SECRET } }), bytes, JSON_TYPE)).toBe(bytes);
});

it('changes nothing in the bytes it was given', () => {
  const bytes = Buffer.from('{"key":"geheim-123"}');
  withoutSecrets(source(), bytes, JSON_TYPE);
  expect(bytes.toString()).toBe('{"key":"geheim-123"}');
});

describe('whatever is sent', () => {
  const secrets = fc.string({ minLength: 8, maxLength: 20, unit: 'grapheme' }).filter((text) => !/^\**$/.test(text));
  const types = fc.constantFrom(JSON_TYPE, FORM_TYPE, 'multipart/form-data; boundary=b', 'multipart/form-data', 'text/plain', null);

  it('no secret is in what is stored, and no byte more or less', () => {
    const written = (secret: string): fc.Arbitrary<string> =>
      fc.constantFrom(
        secret,
        JSON.stringify(secret),
        JSON.stringify({ key: secret, a: [secret], [secret]: 1 }),
        `key=${encodeURIComponent(secret)}&x=${secret}`,
        `--b\r\nContent-Disposition: form-data; name="key"\r\n\r\n${secret}\r\n--b--`,
      );
    const bodies = secrets.chain((secret) =>
      fc.tuple(fc.constant(secret), fc.array(fc.oneof(written(secret), fc.string()), { maxLength: 5 })),
    );
    fc.assert(
      fc.property(bodies, types, ([secret, parts], contentType) => {
        const bytes = Buffer.from(parts.join(''));
        const stored = withoutSecrets(source(secret), bytes, contentType);
        expect(stored.includes(Buffer.from(secret))).toBe(false);
        expect(stored).toHaveLength(bytes.length);
      }),
      { numRuns: 2000 },
    );
  });

  it('JSON stays the same JSON but for the member', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.jsonValue(), fc.boolean(), (other, value, spaced) => {
        const sent = { ...other, key: value };
        const stored = withoutSecrets(source(), Buffer.from(JSON.stringify(sent, null, spaced ? 2 : 0)), JSON_TYPE).toString();
        const { key, ...rest } = JSON.parse(stored) as JsonObject;
        const { key: _key, ...sentRest } = JSON.parse(JSON.stringify(sent)) as JsonObject;
        expect(rest).toEqual(sentRest);
        expect(key === 0 || /^\**$/.test(key as string)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it('a hostile megabyte costs no second', () => {
    const million = 1_048_576;
    const hostile = [
      '"key":',
      '{"key":',
      '[',
      'key=&',
      'content-disposition: form-data; name=key\n',
      '; name="',
      '\\u0061',
      '%61',
      '*********',
      '"',
    ];
    for (const unit of hostile) {
      for (const contentType of [JSON_TYPE, FORM_TYPE, 'multipart/form-data; boundary=b', 'text/plain']) {
        const bytes = Buffer.from(unit.repeat(Math.floor(million / unit.length)));
        const began = process.cpuUsage();
        withoutSecrets(source('a'.repeat(20)), bytes, contentType);
        const { user } = process.cpuUsage(began);
        expect({ unit, contentType, slow: user > 2_000_000 }).toEqual({ unit, contentType, slow: false });
      }
    }
  });
});
