import { isRefusal } from './refusal.js';
import { readBody } from './read-body.js';
import type { ReadBody } from './read-json.js';

async function reading(
  contentType: string | null,
  body: string | Buffer,
  contentEncoding: string | null = null,
  duplicates: 'flag' | 'refuse' = 'flag',
) {
  const read = await readBody({ bytes: Buffer.from(body as string), contentType, contentEncoding }, duplicates);
  return isRefusal(read) ? read.verdict : read;
}
const FORM = 'application/x-www-form-urlencoded';
const JSON_TYPE = 'application/json';

describe('which types are taken', () => {
  it.each<[description: string, type: string | null, body: string, expected: string | object]>([
    ['JSON', JSON_TYPE, '{"a":1}', { a: 1 }],
    ['JSON with a charset', 'application/json; charset=UTF-8', '{"a":1}', { a: 1 }],
    ['JSON with a quoted charset', 'application/json;charset="utf-8"', '{"a":1}', { a: 1 }],
    ['a type of the JSON family', 'application/vnd.lead+json', '{"a":1}', { a: 1 }],
    ['another charset', 'application/json; charset=utf-16', '{"a":1}', 'unsupported_charset'],
    ['another charset on a form', `${FORM}; charset=iso-8859-1`, 'a=1', 'unsupported_charset'],
    ['plain text', 'text/plain', 'a=1', 'unsupported_media_type'],
    ['plain text that looks like JSON', 'text/plain', '{"a":1}', 'unsupported_media_type'],
    ['XML', 'application/xml', '<a/>', 'unsupported_media_type'],
    ['nonsense', 'nonsense', '{"a":1}', 'unsupported_media_type'],
    ['no type and JSON', null, '{"a":1}', { a: 1 }],
    ['no type and something else', null, 'a=1', 'unsupported_media_type'],
    ['no type and nothing', null, '', 'empty_body'],
    ['JSON under the type of a form: curl -d', FORM, '{"a":1}', { a: 1 }],
    ['JSON with a BOM under the type of a form', FORM, '\ufeff{"a":1}', { a: 1 }],
    ['JSON with a BOM and no type', null, '\ufeff{"a":1}', { a: 1 }],
    ['broken JSON under the type of a form', FORM, '{"a":', 'malformed_json'],
    ['an empty form', FORM, '', 'empty_body'],
    ['an empty JSON body', JSON_TYPE, '', 'empty_body'],
  ])('%s', async (_description, type, body, expected) => {
    const read = await reading(type, body);
    expect(typeof read === 'string' ? read : read.payload).toEqual(expected);
  });

  it('takes no compressed body, also not twice compressed', async () => {
    for (const encoding of ['gzip', 'br', 'gzip, gzip', 'deflate'])
      expect(await reading(JSON_TYPE, '{"a":1}', encoding)).toBe('unsupported_encoding');
    expect(await reading(JSON_TYPE, '{"a":1}', 'identity')).toMatchObject({ payload: { a: 1 } });
  });

  it.each([
    ['0xff 0xfe', Buffer.from([0xff, 0xfe, 0x7b, 0x00])],
    ['a byte of latin1', Buffer.from('{"a":"Saarbr\u00fccken"}', 'latin1')],
    ['half a character', Buffer.from('{"a":"\u00fc"}').subarray(0, 7)],
    ['a surrogate encoded as UTF-8', Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xed, 0xa0, 0x80]), Buffer.from('"}')])],
  ])('refuses bytes that are not UTF-8: %s', async (_description, bytes) => expect(await reading(JSON_TYPE, bytes)).toBe('invalid_utf8'));

  it('takes a BOM', async () => expect(await reading(JSON_TYPE, Buffer.from('\ufeff{"a":1}'))).toMatchObject({ payload: { a: 1 } }));
});

describe('urlencoded forms', () => {
  it.each<[description: string, body: string, expected: object]>([
    ['plain fields', 'a=1&b=', { a: '1', b: '' }],
    ['blanks as plus, the rest percent-encoded', 'name=J%C3%BCrgen+M%C3%BCller%2B1', { name: 'J\u00fcrgen M\u00fcller+1' }],
    [
      'brackets become objects',
      'address[zip]=66123&address%5Bcity%5D=Saarbr%C3%BCcken',
      { address: { zip: '66123', city: 'Saarbr\u00fccken' } },
    ],
    ['empty brackets become lists', 'tags[]=a&tags[]=b', { tags: ['a', 'b'] }],
    ['objects in lists', 'items[][name]=a&items[][name]=b', { items: [{ name: 'a' }, { name: 'b' }] }],
    ['three levels', 'a[b][c]=1', { a: { b: { c: '1' } } }],
    ['brackets that do not pair up are part of the name', 'a[b=1&c]=2&[d]=3&e[f]g=4', { 'a[b': '1', 'c]': '2', '[d]': '3', 'e[f]g': '4' }],
    ['a percent sign that encodes nothing', 'discount=100%&x=%zz%41', { discount: '100%', x: '%zzA' }],
    ['a name without a value', 'flag&a=1', { flag: '', a: '1' }],
    ['empty pairs', '&&a=1&', { a: '1' }],
    ['an equals sign in the value', 'a=b=c', { a: 'b=c' }],
  ])('%s', async (_description, body, expected) =>
    expect(await reading(FORM, body)).toMatchObject({ payload: expected, format: 'form', verbatim: false, flags: [] }),
  );

  it.each<[description: string, body: string, expected: object]>([
    ['a field twice', 'a=1&a=2', { a: '2' }],
    ['a value where an object stood', 'a[b]=1&a=2', { a: '2' }],
    ['an object where a value stood', 'a=1&a[b]=2', { a: { b: '2' } }],
  ])('%s: the last wins, flagged', async (_description, body, expected) => {
    expect(await reading(FORM, body)).toMatchObject({ payload: expected, flags: ['DUPLICATE_KEYS'] });
    expect(await reading(FORM, body, null, 'refuse')).toBe('duplicate_keys');
  });

  it.each<[description: string, body: string, verdict: string]>([
    ['a path through __proto__', 'a[__proto__][x]=1', 'prototype_key'],
    ['__proto__ itself', '__proto__=1', 'prototype_key'],
    ['constructor[prototype]', 'constructor[prototype][x]=1', 'prototype_key'],
    ['33 levels', `a${'[b]'.repeat(32)}=1`, 'too_deep'],
    ['bytes that are not UTF-8', 'a=%ff%fe', 'invalid_utf8'],
    ['the same in a name', '%ff=1', 'invalid_utf8'],
  ])('%s is refused', async (_description, body, verdict) => {
    expect(await reading(FORM, body)).toBe(verdict);
    expect(({} as { x?: unknown }).x).toBeUndefined();
  });

  it('replaces NUL', async () =>
    expect(await reading(FORM, 'a=%00')).toMatchObject({ payload: { a: '\ufffd' }, flags: ['CHARACTERS_REPLACED'] }));
});

describe('multipart forms', () => {
  const type = 'multipart/form-data; boundary=xyz';
  const part = (disposition: string, value: string): string =>
    `--xyz\r\nContent-Disposition: form-data; ${disposition}\r\n\r\n${value}\r\n`;
  const body = (...parts: string[]): string => `${parts.join('')}--xyz--\r\n`;

  it('reads the fields', async () => {
    const read = await reading(
      type,
      body(part('name="email"', 'j@example.com'), part('name="address[zip]"', '66123'), part('name="city"', 'Saarbr\u00fccken')),
    );
    expect(read).toMatchObject({
      payload: { email: 'j@example.com', address: { zip: '66123' }, city: 'Saarbr\u00fccken' },
      format: 'form',
    });
  });

  it('passes files over', async () => {
    const read = (await reading(type, body(part('name="photo"; filename="roof.jpg"', '\u0000\u0001'), part('name="a"', '1')))) as ReadBody;
    expect(read.payload).toEqual({ a: '1' });
  });

  it.each<[description: string, body: string | Buffer, type: string, verdict: string]>([
    ['no boundary in the type', body(part('name="a"', '1')), 'multipart/form-data', 'malformed_form'],
    ['a body that breaks off', part('name="a"', '1'), type, 'malformed_form'],
    ['a body without any boundary', 'a=1', type, 'malformed_form'],
    ['nothing', '', type, 'empty_body'],
    ['a path through __proto__', body(part('name="a[__proto__]"', '1')), type, 'prototype_key'],
    ['a field that is not UTF-8', Buffer.from(body(part('name="a"', 'Saarbr\u00fccken')), 'latin1'), type, 'invalid_utf8'],
  ])('refuses %s', async (_description, bytes, contentType, verdict) => expect(await reading(contentType, bytes)).toBe(verdict));
});
