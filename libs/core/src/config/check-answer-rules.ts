import { checkPattern, checkReadPath, checkScalar } from './check-rules.js';
import { statusRange, type AnswerRule, type DuplicateRule } from './destination-config.js';
import type { ProblemList } from './problem-list.js';

const CONDITIONS = ['equals', 'one_of', 'matches', 'exists'] as const;

/** @param path of the list, e.g. `destinations[0].success` */
export function checkAnswerRules(rules: readonly (AnswerRule | DuplicateRule)[], path: string, problems: ProblemList): void {
  rules.forEach((rule, r) => {
    if (problems.isSound(`${path}[${r}]`)) checkAnswerRule(rule, `${path}[${r}]`, problems);
  });
}

function checkAnswerRule(rule: AnswerRule | DuplicateRule, path: string, problems: ProblemList): void {
  const { lowest, highest } = statusRange(rule.status);
  if (lowest > highest) problems.add(`${path}.status`, 'begins above its end, so no status would fit; exchange the two');
  const given = CONDITIONS.filter((condition) => rule[condition] != null);
  if (given.length === 0 && rule.path != null)
    problems.add(`${path}.path`, 'is compared with nothing; write equals, one_of, matches or exists beside it');
  else if (given.length === 0 && rule.status == null)
    problems.add(path, 'says nothing; write a status such as 201, or a path with equals, one_of, matches or exists');
  if (given.length > 1) problems.add(path, `has ${given.join(' and ')}; keep one, and write a rule of its own for the other`);
  for (const condition of given) {
    if (condition !== 'matches' && rule.path == null)
      problems.add(`${path}.path`, `is missing; it says which value of the answer "${condition}" is about, e.g. result.status`);
  }
  if (rule.path != null) checkReadPath(rule.path, `${path}.path`, problems);
  if (rule.equals != null) checkScalar(rule.equals, `${path}.equals`, problems);
  rule.one_of?.forEach((value, v) => checkScalar(value, `${path}.one_of[${v}]`, problems));
  if (rule.matches != null) checkPattern(rule.matches, `${path}.matches`, problems);
}
