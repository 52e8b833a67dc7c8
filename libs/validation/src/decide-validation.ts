import { RE2JS } from 're2js';
import { assertNever, digitsOf, readFirst, type JsonValue, type Reason, type RulesConfig, type ValidationRule } from '#core';

/**
 * @param trimmed the lead after trimming, before any conversion: "true" is not `true`, "" is present, null is missing
 * @returns the rules it fails, in rule order; none: it may go on
 * @throws when the active profile is not there, which the check of the configuration rules out
 */
export function decideValidation(rules: RulesConfig, trimmed: JsonValue): Reason[] {
  const profile = rules.profiles.find(({ name }) => name === rules.active);
  if (profile === undefined)
    throw new Error(`The configuration names the rule profile "${rules.active}", which it does not have; correct rules.active`);
  return profile.rules.flatMap((rule) => failureOf(rule, trimmed) ?? []);
}

function failureOf(rule: ValidationRule, trimmed: JsonValue): Reason | undefined {
  const found = readFirst(trimmed, rule.field);
  if (found === undefined) {
    const asksForIt = rule.check === 'present' || rule.check === 'filled';
    return asksForIt ? { code: rule.code, detail: `${rule.field.join(' or ')} is missing` } : undefined;
  }
  const fault = faultOf(rule, found.value);
  return fault === undefined ? undefined : { code: rule.code, detail: `${found.path} ${fault}` };
}

/** @returns what is wrong with a value that is there, in words that do not repeat it */
function faultOf(rule: ValidationRule, value: JsonValue): string | undefined {
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
    default:
      return assertNever(rule.check);
  }
}

/** Only text and numbers can match; a number is taken as its digits, so 66123 and 66123.0 match as "66123" does. */
function matchesWhole(rule: ValidationRule, value: JsonValue): boolean {
  const text = typeof value === 'number' ? digitsOf(value) : value;
  return typeof text === 'string' && compiled(rule).testExact(text);
}

/** A rule object lives as long as its version of the configuration, and so does its compiled pattern. */
const compiledPatterns = new WeakMap<ValidationRule, RE2JS>();

function compiled(rule: ValidationRule): RE2JS {
  const known = compiledPatterns.get(rule);
  if (known !== undefined) return known;
  const made = RE2JS.compile(rule.pattern ?? '');
  compiledPatterns.set(rule, made);
  return made;
}
