import type { AttributeRule, JsonValue } from '#core';
import { judgeAttribute } from './judge-attribute.js';

const text: AttributeRule = { attribute_type: 'text' };
const number: AttributeRule = { attribute_type: 'text', is_numeric: true };
const dropdown: AttributeRule = { attribute_type: 'dropdown', values: ['Ja', 'Nein'] };
const range: AttributeRule = { attribute_type: 'range', is_numeric: true, values: null };

describe('judgeAttribute', () => {
  it.each<[rule: AttributeRule, value: JsonValue]>([
    [text, 'google'],
    [{ ...text, values: [] }, 'google'],
    [{ ...text, values: ['google'] }, 'google'],
    [number, '12.5'],
    [number, '-5.5'],
    [number, '+.5'],
    [number, '1e3'],
    [number, 12.5],
    [number, '9'.repeat(40)],
    [dropdown, 'Ja'],
    [{ ...dropdown, values: null }, 'anything'],
    [range, 0],
    [range, '1000'],
    [{ ...range, min: -10 }, -10],
    [{ ...range, max: 10 }, '10'],
    [{ ...number, min: 1, max: 2 }, '2'],
  ])('%j takes %j', (rule, value) => {
    expect(judgeAttribute(rule, value)).toBeUndefined();
  });

  it.each<[rule: AttributeRule, value: JsonValue, why: string]>([
    [text, 5, 'is not text'],
    [text, true, 'is not text'],
    [text, '', 'is empty'],
    [text, '  ', 'is empty'],
    [text, ['google'], 'is a list, but the customer takes a single value'],
    [text, {}, 'is not a single value'],
    [text, null, 'is not a single value'],
    [{ ...text, values: ['google'] }, 'bing', 'is not one of google'],
    [number, 'nan', 'is not a number'],
    [number, 'Infinity', 'is not a number'],
    [number, '1_000', 'is not a number'],
    [number, '1,5', 'is not a number'],
    [number, '0x10', 'is not a number'],
    [number, '1e999', 'is not a number'],
    [number, '٥', 'is not a number'],
    [number, '12abc', 'is not a number'],
    [number, '', 'is not a number'],
    [number, true, 'is not a number'],
    [dropdown, 'ja', 'is not one of Ja, Nein'],
    [dropdown, 'Ja ', 'is not one of Ja, Nein'],
    [dropdown, ['Ja'], 'is a list, but the customer takes a single value'],
    [range, '-1000', 'is less than 0'],
    [range, 'abc', 'is not a number'],
    [{ ...range, max: 10 }, 11, 'is greater than 10'],
    [{ ...number, min: 1 }, '0.5', 'is less than 1'],
  ])('%j refuses %j: it %s', (rule, value, why) => {
    expect(judgeAttribute(rule, value)).toBe(why);
  });
});
