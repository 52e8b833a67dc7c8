import { assertNever, type AttributeRule, type JsonValue } from '#core';

/**
 * Does the customer's API take this value for an attribute? The rules are the customer's (docs of its API): one value, never a list;
 * numeric means a finite decimal number; a dropdown takes exact members only; a range has a smallest and a largest value.
 * @returns undefined when it does, else what is wrong, in words that do not repeat the value
 */
export function judgeAttribute(rule: AttributeRule, value: JsonValue): string | undefined {
  if (Array.isArray(value)) return 'is a list, but the customer takes a single value';
  if (value === null || typeof value === 'object') return 'is not a single value';
  if (rule.values && rule.values.length > 0 && !(typeof value === 'string' && rule.values.includes(value))) {
    return `is not one of ${rule.values.join(', ')}`;
  }
  switch (rule.attribute_type) {
    case 'text':
      return rule.is_numeric ? judgeNumber(rule, value) : judgeText(value);
    case 'dropdown':
      return rule.is_numeric ? judgeNumber(rule, value) : undefined;
    case 'range':
      return judgeNumber({ ...rule, min: rule.min ?? 0 }, value);
    default:
      return assertNever(rule.attribute_type);
  }
}

function judgeText(value: string | number | boolean): string | undefined {
  if (typeof value !== 'string') return 'is not text';
  return value.trim() === '' ? 'is empty' : undefined;
}

function judgeNumber({ min, max }: Pick<AttributeRule, 'min' | 'max'>, value: string | number | boolean): string | undefined {
  const number = typeof value === 'string' && DECIMAL.test(value) ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isFinite(number)) return 'is not a number';
  if (min !== undefined && number < min) return `is less than ${min}`;
  return max !== undefined && number > max ? `is greater than ${max}` : undefined;
}

/** 5000, -5.5, 1e3; not nan, inf, 1_000, 0x10, 12abc or a comma. */
const DECIMAL = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;
