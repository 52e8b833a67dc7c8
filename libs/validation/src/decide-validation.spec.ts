import fc from 'fast-check';
import type { JsonValue, RulesConfig, ValidationRule } from '#core';
import { decideValidation } from './decide-validation.js';

const aRule = (rule: Partial<ValidationRule>): ValidationRule => ({ code: 'CODE', field: ['zip'], check: 'present', ...rule });
const withRules = (...rules: Partial<ValidationRule>[]): RulesConfig => ({
  active: 'a',
  profiles: [{ name: 'a', rules: rules.map(aRule) }],
});
const codes = (rules: RulesConfig, lead: JsonValue): string[] => decideValidation(rules, lead).map(({ code }) => code);

describe('decideValidation', () => {
  it.each<[rule: Partial<ValidationRule>, value: JsonValue | undefined, passes: boolean]>([
    [{ check: 'present' }, '', true],
    [{ check: 'present' }, false, true],
    [{ check: 'present' }, null, false],
    [{ check: 'present' }, undefined, false],
    [{ check: 'filled' }, 'x', true],
    [{ check: 'filled' }, 0, true],
    [{ check: 'filled' }, '', false],
    [{ check: 'filled' }, undefined, false],
    [{ check: 'matches', pattern: '^66[0-9]{3}$' }, '66123', true],
    [{ check: 'matches', pattern: '^66[0-9]{3}$' }, 66123, true],
    [{ check: 'matches', pattern: '^66[0-9]{3}$' }, 66123.5, false],
    [{ check: 'matches', pattern: '^66[0-9]{3}$' }, '66123\n', false],
    [{ check: 'matches', pattern: '^66[0-9]{3}$' }, '66١٢٣', false],
    [{ check: 'matches', pattern: '66[0-9]{3}' }, 'x66123', false],
    [{ check: 'matches', pattern: '66\\d{3}' }, '66١٢٣', false],
    [{ check: 'matches', pattern: '.*' }, true, false],
    [{ check: 'matches', pattern: '.*' }, { zip: 1 }, false],
    [{ check: 'matches', pattern: 'x' }, undefined, true],
    [{ check: 'equals', value: true }, true, true],
    [{ check: 'equals', value: true }, 'true', false],
    [{ check: 'equals', value: true }, 1, false],
    [{ check: 'equals', value: true }, undefined, true],
    [{ check: 'in', values: ['Ja', true] }, 'Ja', true],
    [{ check: 'in', values: ['Ja', true] }, 'ja', false],
    [{ check: 'in', values: ['Ja', true] }, 1, false],
  ])('%j: %j passes: %s', (rule, value, passes) => {
    expect(codes(withRules(rule), value === undefined ? {} : { zip: value })).toEqual(passes ? [] : ['CODE']);
  });

  it('judges the first field that is present, and null is not', () => {
    const rules = withRules({ field: ['address.zip', 'zipcode'], check: 'equals', value: 'b' });
    expect(codes(rules, { address: { zip: null }, zipcode: 'b' })).toEqual([]);
    expect(codes(rules, { address: { zip: 'a' }, zipcode: 'b' })).toEqual(['CODE']);
  });

  it('gives every failing code in rule order, with words that name the field and not its value', () => {
    const rules = withRules(
      { code: 'A', field: ['a', 'b'] },
      { code: 'B', check: 'matches', pattern: 'x+' },
      { code: 'C', check: 'in', values: ['x', true] },
    );
    expect(decideValidation(rules, { zip: 'geheim' })).toEqual([
      { code: 'A', detail: 'a or b is missing' },
      { code: 'B', detail: 'zip does not match x+' },
      { code: 'C', detail: 'zip is not one of ["x",true]' },
    ]);
  });

  it('judges by the active profile only', () => {
    const rules: RulesConfig = {
      active: 'b',
      profiles: [
        { name: 'a', rules: [aRule({})] },
        { name: 'b', rules: [] },
      ],
    };
    expect(codes(rules, {})).toEqual([]);
    expect(() => decideValidation({ ...rules, active: 'c' }, {})).toThrow('correct rules.active');
  });

  it('takes time in proportion to the text, whatever the pattern', () => {
    const rules = withRules({ check: 'matches', pattern: '^(a+)+$' });
    expect(codes(rules, { zip: `${'a'.repeat(100_000)}b` })).toEqual(['CODE']);
  });

  it('never throws, whatever the lead', () => {
    const rules = withRules(
      { check: 'matches', pattern: '^66[0-9]{3}$' },
      { field: ['a.b', 'c'], check: 'equals', value: 1 },
      { field: ['a'], check: 'in', values: [1] },
      { field: ['a.zip'], check: 'filled' },
    );
    const lead = fc.oneof(fc.jsonValue(), fc.record({ zip: fc.jsonValue({ stringUnit: 'binary' }), a: fc.jsonValue(), c: fc.jsonValue() }));
    fc.assert(fc.property(lead, (any) => expect(decideValidation(rules, any as JsonValue).length).toBeLessThanOrEqual(4)));
  });
});
