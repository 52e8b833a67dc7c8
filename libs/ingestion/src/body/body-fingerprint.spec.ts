import fc from 'fast-check';
import { bodyFingerprint, type FingerprintBasis } from './body-fingerprint.js';
import { readJson, type ReadBody } from './read-json.js';

const of = (text: string, numbersAsText = false): string =>
  bodyFingerprint(readJson(text, 'flag') as ReadBody, numbersAsText).toString('hex');

describe('equal bodies', () => {
  it.each([
    ['other order of members, at every depth', '{"a":1,"b":{"c":2,"d":3}}', '{"b":{"d":3,"c":2},"a":1}'],
    ['blanks', '{"a":1}', ' { "a" : 1 }\n'],
    ['escapes', '{"a":"\u00fc"}', '{"a":"\\u00fc"}'],
    ['ways to write a number', '{"a":100}', '{"a":1.0e2}'],
  ])('%s', (_description, one, other) => expect(of(one)).toBe(of(other)));
});

describe('different bodies', () => {
  it.each([
    ['order in a list', '{"a":[1,2]}', '{"a":[2,1]}'],
    ['a number and its text', '{"a":1}', '{"a":"1"}'],
    ['null and nothing', '{"a":null}', '{}'],
    ['a blank inside a value', '{"a":"x"}', '{"a":"x "}'],
    ['1 and true', '{"a":1}', '{"a":true}'],
  ])('%s', (_description, one, other) => expect(of(one)).not.toBe(of(other)));

  it('two integers that one double cannot tell apart', () => expect(of('{"a":9007199254740993}')).not.toBe(of('{"a":9007199254740992}')));
});

it('numbers as text: 371123 and "371123" are the same, 371123 and 371124 are not', () => {
  expect(of('{"phone":371123}', true)).toBe(of('{"phone":"371123"}', true));
  expect(of('{"phone":371123}', true)).not.toBe(of('{"phone":371124}', true));
});

it('a form never equals JSON', () => {
  const payload = { a: '1' };
  const json = bodyFingerprint({ payload, format: 'json' }, false);
  expect(json.equals(bodyFingerprint({ payload, format: 'form' }, false))).toBe(false);
});

it('does not depend on the order of members', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 })), (value) => {
      const body = (payload: object): FingerprintBasis => ({ payload: payload as FingerprintBasis['payload'], format: 'json' });
      const turned = Object.fromEntries(Object.entries(value).reverse());
      expect(bodyFingerprint(body(value), false).equals(bodyFingerprint(body(turned), false))).toBe(true);
    }),
  );
});
