import { RE2JS } from 're2js';
import type { JsonValue } from '../json.js';
import type { ProblemList } from './problem-list.js';
import type { RulesConfig, ValidationRule } from './tenant-config.js';

/** What each check needs besides its fields, and what therefore must not stand beside the others. */
const PARAMETER_OF: Readonly<Record<ValidationRule['check'], 'pattern' | 'value' | 'values' | null>> = {
  present: null,
  filled: null,
  matches: 'pattern',
  equals: 'value',
  in: 'values',
};
const PARAMETERS = ['pattern', 'value', 'values'] as const;

export function checkRules(rules: RulesConfig, problems: ProblemList): void {
  if (!Array.isArray(rules?.profiles)) return;
  rules.profiles.forEach((profile, p) => {
    if (!Array.isArray(profile?.rules)) return;
    profile.rules.forEach((rule, r) => {
      const path = `rules.profiles[${p}].rules[${r}]`;
      if (problems.isSound(path)) checkRule(rule, path, problems);
    });
  });
  const names = rules.profiles.map((profile) => profile?.name);
  if (names.length > 0 && problems.isSound('rules.active') && !names.includes(rules.active)) {
    problems.add('rules.active', `names no profile; use one of: ${names.join(', ')}, or add a profile with this name under rules.profiles`);
  }
}

function checkRule(rule: ValidationRule, path: string, problems: ProblemList): void {
  const wanted = PARAMETER_OF[rule.check];
  for (const parameter of PARAMETERS) {
    const given = rule[parameter] !== undefined && rule[parameter] !== null;
    if (parameter === wanted && !given) problems.add(`${path}.${parameter}`, `is missing; the check "${rule.check}" compares with it`);
    if (parameter !== wanted && given) {
      problems.add(`${path}.${parameter}`, `has no use beside the check "${rule.check}"; remove it, or change the check`);
    }
  }
  rule.field.forEach((field, f) => checkReadPath(field, `${path}.field[${f}]`, problems));
  if (wanted === 'pattern' && typeof rule.pattern === 'string') checkPattern(rule.pattern, `${path}.pattern`, problems);
  if (wanted === 'value' && rule.value !== undefined && rule.value !== null) checkScalar(rule.value, `${path}.value`, problems);
  if (wanted === 'values') rule.values?.forEach((value, v) => checkScalar(value, `${path}.values[${v}]`, problems));
}

export function checkPattern(pattern: string, path: string, problems: ProblemList): void {
  try {
    RE2JS.compile(pattern);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    problems.add(
      path,
      `is not a pattern in RE2 syntax (${why}); look-around and back-references do not exist there, see github.com/google/re2/wiki/Syntax`,
    );
  }
}

export function checkScalar(value: JsonValue, path: string, problems: ProblemList): void {
  if (!['string', 'number', 'boolean'].includes(typeof value))
    problems.add(path, 'must be text, a number or true/false: only those are compared');
}

/** A path that reads a lead: `address.zip`, or `questions.<label>` where the label may hold dots of its own. */
export function checkReadPath(field: string, path: string, problems: ProblemList): void {
  if (field === '' || field.startsWith('.')) problems.add(path, 'must be the dot path of a field, e.g. address.zip');
}
