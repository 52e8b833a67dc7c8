import type { JsonValue } from '../json.js';
import { checkPattern, checkReadPath, checkScalar } from './check-rules.js';
import { EMAIL_CONCERNS, PART_OF_LIST, SHIPPED_LISTS, type DegradedConfig, type PolicyConfig, type PolicyRule } from './policy-config.js';
import type { ProblemList } from './problem-list.js';

const PARAMETERS = ['pattern', 'value', 'values', 'min', 'max', 'list', 'part'] as const;
type Parameter = (typeof PARAMETERS)[number];

/** What each check must have besides its fields, and what it may have. */
const PARAMETERS_OF: Readonly<Record<PolicyRule['check'], { readonly must: readonly Parameter[]; readonly may: readonly Parameter[] }>> = {
  present: { must: [], may: [] },
  filled: { must: [], may: [] },
  equals: { must: ['value'], may: [] },
  in: { must: ['values'], may: [] },
  matches: { must: ['pattern'], may: [] },
  between: { must: [], may: ['min', 'max'] },
  in_list: { must: ['list'], may: ['part'] },
  not_in_list: { must: ['list'], may: ['part'] },
  person_name: { must: [], may: ['min'] },
  email_quality: { must: [], may: ['values'] },
};

/** Lists every problem of a policy: what its shape cannot say. */
export function checkPolicy(policy: PolicyConfig, problems: ProblemList): void {
  if (typeof policy !== 'object' || policy === null || Array.isArray(policy)) return;
  checkLists(policy.lists, problems);
  const lists = listNames(policy);
  checkRequired(policy.required, 'policy.required', problems);
  checkRules(policy.rules, lists, 'policy.rules', problems);
  if (policy.mode === 'OFF' && isFilled(policy.rules)) {
    problems.add('policy.rules', 'judge nothing while policy.mode is OFF; write SALVAGE or STRICT there, or remove the rules');
  }
  if (problems.isSound('policy.degraded') && policy.degraded != null) checkDegraded(policy.degraded, problems);
  checkShadow(policy, lists, problems);
}

function checkRequired(required: string[] | undefined, path: string, problems: ProblemList): void {
  if (!Array.isArray(required) || !problems.isSound(path)) return;
  required.forEach((field, f) => {
    checkReadPath(field, `${path}[${f}]`, problems);
    if (required.indexOf(field) !== f) problems.add(`${path}[${f}]`, 'is already required above; remove it');
  });
}

function checkRules(rules: PolicyRule[] | undefined, lists: readonly string[], path: string, problems: ProblemList): void {
  if (!Array.isArray(rules)) return;
  rules.forEach((rule, r) => {
    if (problems.isSound(`${path}[${r}]`)) checkRule(rule, lists, `${path}[${r}]`, problems);
  });
}

function checkRule(rule: PolicyRule, lists: readonly string[], path: string, problems: ProblemList): void {
  const { must, may } = PARAMETERS_OF[rule.check];
  for (const parameter of PARAMETERS) {
    const given = rule[parameter] !== undefined && rule[parameter] !== null;
    if (must.includes(parameter) && !given) problems.add(`${path}.${parameter}`, `is missing; the check "${rule.check}" compares with it`);
    if (given && !must.includes(parameter) && !may.includes(parameter)) {
      problems.add(`${path}.${parameter}`, `has no use beside the check "${rule.check}"; remove it, or change the check`);
    }
  }
  rule.field.forEach((field, f) => checkReadPath(field, `${path}.field[${f}]`, problems));
  if (rule.check === 'matches' && typeof rule.pattern === 'string') checkPattern(rule.pattern, `${path}.pattern`, problems);
  if (rule.check === 'equals' && rule.value != null) checkScalar(rule.value, `${path}.value`, problems);
  if (rule.check === 'in') rule.values?.forEach((value, v) => checkScalar(value, `${path}.values[${v}]`, problems));
  if (rule.check === 'between') checkRange(rule, path, problems);
  if (rule.check === 'person_name') checkWords(rule, path, problems);
  if (rule.check === 'in_list' || rule.check === 'not_in_list') checkListRule(rule, lists, path, problems);
  if (rule.check === 'email_quality') rule.values?.forEach((value, v) => checkConcern(value, `${path}.values[${v}]`, problems));
}

function checkRange({ min, max }: PolicyRule, path: string, problems: ProblemList): void {
  if (min == null && max == null) problems.add(path, 'has neither min nor max; the check "between" needs at least one of them');
  if (min != null && max != null && min > max)
    problems.add(`${path}.min`, 'is greater than max, so no number would pass; exchange the two');
}

function checkWords({ min }: PolicyRule, path: string, problems: ProblemList): void {
  if (min == null || min === 1 || min === 2) return;
  problems.add(`${path}.min`, 'must be 2 (a whole name) or 1 (only a first or a last name): so many words of it must begin like names');
}

function checkListRule({ list, part }: PolicyRule, lists: readonly string[], path: string, problems: ProblemList): void {
  if (typeof list !== 'string') return;
  if (!lists.includes(list)) {
    problems.add(`${path}.list`, `names no list; use one of: ${lists.join(', ')}, or add it under policy.lists`);
    return;
  }
  const wanted = Object.entries(PART_OF_LIST).find(([shipped]) => shipped === list)?.[1];
  if (wanted !== undefined && part !== wanted) {
    const entries = wanted === 'domain' ? 'domains' : 'what stands before the @';
    problems.add(`${path}.part`, `must be ${wanted}: the entries of ${list} are ${entries}, so a whole address is never among them`);
  }
}

function checkConcern(value: JsonValue, path: string, problems: ProblemList): void {
  if (!EMAIL_CONCERNS.some((concern) => concern === value)) problems.add(path, `must be one of: ${EMAIL_CONCERNS.join(', ')}`);
}

function checkLists(lists: PolicyConfig['lists'], problems: ProblemList): void {
  if (lists == null || !problems.isSound('policy.lists')) return;
  for (const [name, entries] of Object.entries<unknown>(lists)) {
    const path = `policy.lists.${name}`;
    if (!/^[a-z][a-z0-9_]*$/.test(name))
      problems.add(path, 'must have a name of small letters, digits and underscores, e.g. our_competitors');
    if (!Array.isArray(entries)) problems.add(path, 'must be a list of texts');
    else if (entries.some((entry) => typeof entry !== 'string' || entry.trim() === '')) {
      problems.add(path, 'must hold texts only, none of them empty; put what looks like a number or like true/false in quotes');
    }
  }
}

/** The tenant's own come first: they are what is most likely meant. */
function listNames({ lists }: PolicyConfig): string[] {
  const own = typeof lists === 'object' && lists !== null ? Object.keys(lists) : [];
  return [...new Set([...own, ...SHIPPED_LISTS])];
}

function checkDegraded({ mode, hold_seconds, fallback }: DegradedConfig, problems: ProblemList): void {
  if (mode === 'QUEUE') return;
  if (hold_seconds != null)
    problems.add('policy.degraded.hold_seconds', `has no use with mode ${mode}: only QUEUE waits; remove it, or write mode: QUEUE`);
  if (fallback != null)
    problems.add('policy.degraded.fallback', `has no use with mode ${mode}: only QUEUE waits; remove it, or write mode: QUEUE`);
}

function checkShadow(policy: PolicyConfig, lists: readonly string[], problems: ProblemList): void {
  const { shadow } = policy;
  if (typeof shadow !== 'object' || shadow === null || Array.isArray(shadow)) return;
  checkRequired(shadow.required, 'policy.shadow.required', problems);
  checkRules(shadow.rules, lists, 'policy.shadow.rules', problems);
  if (shadow.mode === 'OFF' && isFilled(shadow.rules)) {
    problems.add(
      'policy.shadow.rules',
      'judge nothing while policy.shadow.mode is OFF; write SALVAGE or STRICT there, or remove the rules',
    );
  }
  if (shadow.mode !== 'OFF' && shadow.rules == null && isFilled(policy.rules)) {
    problems.add(
      'policy.shadow.rules',
      'is missing, while policy.rules has rules: a shadow stands alone and would judge by none of them; repeat the ones it is to keep, or write rules: []',
    );
  }
}

const isFilled = (list: readonly unknown[] | undefined): boolean => Array.isArray(list) && list.length > 0;
