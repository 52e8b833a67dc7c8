import { JsonText, stringifyWithTexts } from './json-text.js';

describe('stringifyWithTexts', () => {
  it('leaves every text as it is, however deep, and the rest to JSON', () => {
    const value = { a: new JsonText('{"n": 12345678901234567890}'), b: [{ c: new JsonText('[1.0]') }], at: new Date(0), none: null };
    expect(stringifyWithTexts(value)).toBe(
      '{"a":{"n": 12345678901234567890},"b":[{"c":[1.0]}],"at":"1970-01-01T00:00:00.000Z","none":null}',
    );
  });

  it('takes nothing a lead contains for a place of its own', () => {
    const hostile = '00000000-0000-4000-8000-000000000000:0';
    expect(stringifyWithTexts({ text: hostile, payload: new JsonText(`{"x":"${hostile} $1 $&"}`) })).toBe(
      `{"text":"${hostile}","payload":{"x":"${hostile} $1 $&"}}`,
    );
  });
});

describe('JsonText.ofPayload', () => {
  it.each<{ payload: string; json: string }>([
    { payload: '{"b":1,"a":2}', json: '{"b":1,"a":2}' },
    { payload: '<lead/>', json: '"<lead/>"' },
    { payload: '', json: '""' },
  ])('$payload', ({ payload, json }) => {
    expect(JsonText.ofPayload(payload).text).toBe(json);
  });
});
