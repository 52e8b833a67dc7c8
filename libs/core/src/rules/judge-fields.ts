import { RE2JS } from 're2js';
import { digitsOf, readFirst, type JsonValue } from '../json.js';
import type { Reason } from '../pipeline/outcome.js';

/** What every rule over a lead's fields has, whatever it checks. */
export interface FieldRule {
  /** The reason code of a lead that fails it. */
  readonly code: string;
  /** Dot paths; the first that is present (null is not) is judged. */
  readonly field: readonly string[];
  readonly check: string;
}

/** What is wrong with a value that is there, in words that do not repeat it; undefined: nothing. */
export type FaultOf<Rule> = (rule: Rule, value: JsonValue) => string | undefined;

/** @returns why the lead fails the rule, or undefined. Where no field is present, only `present` and `filled` fail. */
export function judgeFields<Rule extends FieldRule>(rule: Rule, lead: JsonValue, faultOf: FaultOf<Rule>): Reason | undefined {
  const found = readFirst(lead, rule.field);
  if (found === undefined) {
    const asksForIt = rule.check === 'present' || rule.check === 'filled';
    return asksForIt ? { code: rule.code, detail: `${rule.field.join(' or ')} is missing` } : undefined;
  }
  const fault = faultOf(rule, found.value);
  return fault === undefined ? undefined : { code: rule.code, detail: `${found.path} ${fault}` };
}

/** A value that a rule can compare as text: text itself, or a number as its digits, so 66123 and 66123.0 read as "66123" does. */
export function comparableText(value: JsonValue): string | undefined {
  if (typeof value === 'string') return value;
  return typeof value === 'number' ? digitsOf(value) : undefined;
}

/** The parameters of the checks that every rule language of the gateway has. */
export interface CommonRule {
  readonly check: 'present' | 'filled' | 'matches' | 'equals' | 'in' | 'between';
  readonly pattern?: string;
  readonly value?: JsonValue;
  readonly values?: readonly JsonValue[];
  readonly min?: number;
  readonly max?: number;
}

export const faultOfCommonRule: FaultOf<CommonRule> = (rule, value) => {
  switch (rule.check) {
    case 'present':
      return undefined;
    case 'filled':
      return value === '' ? 'is empty' : undefined;
    case 'matches':
      return matchesWhole(rule, value) ? undefined : `does not match ${rule.pattern}`;
    case 'equals':
      return value === rule.value ? undefined : `is not ${JSON.stringify(rule.value)}`;
    case 'in':
      return rule.values?.includes(value) ? undefined : `is not one of ${JSON.stringify(rule.values)}`;
    case 'between':
      return isBetween(rule, value) ? undefined : `is not a number ${rangeOf(rule)}`;
  }
};

/** Only text and numbers can match. */
function matchesWhole(rule: CommonRule, value: JsonValue): boolean {
  const text = comparableText(value);
  return text !== undefined && compiled(rule).testExact(text);
}

/** A rule object lives as long as its version of the configuration, and so does its compiled pattern. */
const compiledPatterns = new WeakMap<CommonRule, RE2JS>();

function compiled(rule: CommonRule): RE2JS {
  const known = compiledPatterns.get(rule);
  if (known !== undefined) return known;
  const made = RE2JS.compile(rule.pattern ?? '');
  compiledPatterns.set(rule, made);
  return made;
}

/** A plain decimal number: no blanks, no exponent, no hexadecimal, nothing that only JavaScript takes for one. */
const DECIMAL = /^[+-]?\d+(\.\d+)?$/;
/** More digits than any number that somebody compares with a limit. */
const LONGEST_NUMBER = 400;

function isBetween({ min, max }: CommonRule, value: JsonValue): boolean {
  const text = comparableText(value);
  if (text === undefined || text.length > LONGEST_NUMBER || !DECIMAL.test(text)) return false;
  const number = Number(text);
  return number >= (min ?? Number.NEGATIVE_INFINITY) && number <= (max ?? Number.POSITIVE_INFINITY);
}

function rangeOf({ min, max }: CommonRule): string {
  if (min == null) return `of at most ${max}`;
  return max == null ? `of at least ${min}` : `from ${min} to ${max}`;
}
