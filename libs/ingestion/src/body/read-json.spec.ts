import fc from 'fast-check';
import type { JsonValue } from '#core';
import { readJson, type ReadBody } from './read-json.js';
import { isRefusal, type Refusal } from './refusal.js';
import { scanJson } from './scan-json.js';

function payloadOf(text: string): ReadBody['payload'] {
  const read = readJson(text, 'flag');
  if (isRefusal(read)) throw new Error(`refused: ${read.verdict}`);
  return read.payload;
}
const verdictOf = (text: string, onDuplicateKeys: 'flag' | 'refuse' = 'flag'): string => {
  const read = readJson(text, onDuplicateKeys);
  return isRefusal(read) ? read.verdict : 'read';
};
const nested = (levels: number): string => `${'{"a":'.repeat(levels - 1)}{}${'}'.repeat(levels - 1)}`;

describe('what is refused', () => {
  it.each<[description: string, text: string, verdict: Refusal['verdict'] | 'read']>([
    ['nothing at all', '', 'empty_body'],
    ['blanks only', ' \n\t ', 'empty_body'],
    ['null', 'null', 'empty_body'],
    ['0', '0', 'empty_body'],
    ['an empty string', '""', 'empty_body'],
    ['false', 'false', 'empty_body'],
    ['an empty list', '[]', 'empty_body'],
    ['a list with something in it', '[1]', 'not_an_object'],
    ['a string', '"str"', 'not_an_object'],
    ['a number', '123', 'not_an_object'],
    ['true', 'true', 'not_an_object'],
    ['an object that breaks off', '{"a":', 'malformed_json'],
    ['a name without quotes', '{a:1}', 'malformed_json'],
    ['a number as a name', '{12345678901234567890:1}', 'malformed_json'],
    ['NaN', '{"a":NaN}', 'malformed_json'],
    ['Infinity', '{"a":-Infinity}', 'malformed_json'],
    ['a comment', '{"a":1}//x', 'malformed_json'],
    ['something after the value', '{"a":1} x', 'malformed_json'],
    ['a second value', '{"a":1}{"a":1}', 'malformed_json'],
    ['a trailing comma', '{"a":1,}', 'malformed_json'],
    ['a leading zero', '{"a":0123456789012345678}', 'malformed_json'],
    ['single quotes', "{'a':1}", 'malformed_json'],
    ['a bare control character in a string', '{"a":"\u0001"}', 'malformed_json'],
    ['a bare NUL in a string', '{"a":"\0"}', 'malformed_json'],
    ['an escape that does not exist', '{"a":"\\x41"}', 'malformed_json'],
    ['32 levels', nested(32), 'read'],
    ['33 levels', nested(33), 'too_deep'],
    ['100,000 open brackets', '['.repeat(100_000), 'too_deep'],
    ['brackets in a string count for nothing', `{"a":"${'['.repeat(100)}\\"${'{'.repeat(100)}"}`, 'read'],
    ['__proto__', '{"__proto__":{"x":1}}', 'prototype_key'],
    ['__proto__ deep inside', '{"a":[{"b":{"__proto__":1}}]}', 'prototype_key'],
    ['__proto__ written with escapes', '{"\\u005f\\u005fproto__":{"x":1}}', 'prototype_key'],
    ['constructor.prototype as a path', '{"constructor":{"prototype":{"x":1}}}', 'prototype_key'],
    ['constructor.prototype as one name', '{"constructor.prototype":1}', 'prototype_key'],
    ['a constructor without a prototype is a word like any other', '{"constructor":"Schmidt Bau"}', 'read'],
  ])('%s', (_description, text, verdict) => expect(verdictOf(text)).toBe(verdict));

  it('leaves every prototype as it was', () => {
    const names = fc.constantFrom('__proto__', 'constructor', 'prototype', 'a');
    const nesting = fc.array(names, { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(nesting, (path) => {
        readJson(
          path.reduceRight((inner, name) => `{"${name}":${inner}}`, '{"polluted":1}'),
          'flag',
        );
        expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
      }),
      { numRuns: 1000 },
    );
  });

  it('says nothing of the input in the detail', () => {
    const read = readJson('{"email":"canary@example.com",}', 'flag') as Refusal;
    expect(read.detail).not.toMatch(/canary|email/);
  });
});

describe('repeated names', () => {
  it.each<[description: string, text: string, expected: unknown]>([
    ['the last wins', '{"a":1,"a":2}', { a: 2 }],
    ['after unescaping', '{"a":1,"\\u0061":2}', { a: 2 }],
    ['also where the first was an object', '{"a":{"b":1,"c":2},"a":3}', { a: 3 }],
    ['inside a list', '{"l":[{"a":1,"a":1}]}', { l: [{ a: 1 }] }],
  ])('%s, and the lead is flagged', (_description, text, expected) => {
    const read = readJson(text, 'flag') as ReadBody;
    expect(read.payload).toEqual(expected);
    expect(read.flags).toEqual(['DUPLICATE_KEYS']);
    expect(verdictOf(text, 'refuse')).toBe('duplicate_keys');
  });

  it('the same name in two objects is none', () => expect(verdictOf('{"a":{"a":1},"b":[{"a":1},{"a":2}]}', 'refuse')).toBe('read'));
});

describe('numbers keep their digits', () => {
  it.each<[description: string, text: string, expected: JsonValue]>([
    ['2^53 - 1 is a number', '9007199254740991', 9007199254740991],
    ['2^53 + 1 is text', '9007199254740993', '9007199254740993'],
    ['- (2^53 + 1) is text', '-9007199254740993', '-9007199254740993'],
    ['beyond a double', '1e400', '1e400'],
    ['far beyond what a database takes', '1e200000', '1e200000'],
    ['too small for a double', '1e-400', '1e-400'],
    ['zero with an exponent', '0e-400', 0],
    ['an ordinary exponent', '1.5e3', 1500],
    ['many decimals', '49.24015720000001234', 49.24015720000001],
    ['an ordinary number', '66123', 66123],
  ])('%s', (_description, text, expected) => {
    expect(payloadOf(`{"n":${text},"list":[${text}],"s":"${text}"}`)).toEqual({ n: expected, list: [expected], s: text });
  });
});

describe('what jsonb cannot hold', () => {
  it.each<[description: string, text: string, expected: string]>([
    ['NUL', '"a\\u0000b"', 'a\ufffdb'],
    ['half a surrogate pair', '"\\ud83dx"', '\ufffdx'],
    ['the other half', '"\\udc00"', '\ufffd'],
    ['both halves the wrong way round', '"\\udc00\\ud800"', '\ufffd\ufffd'],
  ])('%s is replaced, and the lead is flagged', (_description, text, expected) => {
    const read = readJson(`{"a":${text}}`, 'flag') as ReadBody;
    expect(read.payload).toEqual({ a: expected });
    expect(read).toMatchObject({ flags: ['CHARACTERS_REPLACED'], verbatim: false });
  });

  it('an escaped pair is whole', () =>
    expect(readJson('{"a":"\\ud83d\\ude00"}', 'flag')).toMatchObject({ payload: { a: '😀' }, flags: [], verbatim: true }));
  it('an escaped backslash before u0000 is text', () => expect(payloadOf('{"a":"\\\\u0000"}')).toEqual({ a: '\\u0000' }));
  it('names are replaced too', () => expect(payloadOf('{"a\\u0000":1}')).toEqual({ 'a\ufffd': 1 }));
});

it('takes a BOM in front', () => expect(readJson('\ufeff{"a":1}', 'flag')).toMatchObject({ payload: { a: 1 }, verbatim: false }));

describe('agreement with JSON.parse', () => {
  it('reads every object as JSON.parse does', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue({ maxDepth: 5, noUnicodeString: false } as object)),
        fc.nat(4),
        (value, indent) => {
          const text = JSON.stringify(value, null, indent);
          const read = readJson(text, 'refuse');
          if (isRefusal(read)) expect(read.verdict).toMatch(/^(prototype_key)$/);
          else if (!scanJson(text).longNumbers && !scanJson(text).unstorableEscapes) expect(read.payload).toEqual(JSON.parse(text));
        },
      ),
    );
  });

  it('takes no text that JSON.parse refuses, and refuses none for its grammar that it takes', () => {
    const pieces = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ':',
      ',',
      '"',
      '"a"',
      '"b"',
      '\\',
      '\\u0000',
      '1',
      '-',
      '1e5',
      '12345678901234567890',
      'null',
      ' ',
      'é',
    );
    const texts = fc.oneof(
      fc.array(pieces, { maxLength: 12 }).map((list) => list.join('')),
      fc.string().map((text) => `{"a":${text}}`),
    );
    fc.assert(
      fc.property(texts, (text) => {
        const verdict = verdictOf(text);
        const parses = ((): boolean => {
          try {
            JSON.parse(text);
            return true;
          } catch {
            return false;
          }
        })();
        expect(verdict === 'malformed_json').toBe(!parses && text.trim() !== '');
      }),
      { numRuns: 5000 },
    );
  });

  it('says verbatim only of a text whose every parser agrees with the payload', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const text = JSON.stringify(value);
        const read = readJson(text, 'flag');
        if (!isRefusal(read) && read.verbatim) expect(JSON.stringify(read.payload)).toBe(JSON.stringify(JSON.parse(text)));
      }),
    );
  });
});
