import type { JsonObject, JsonValue } from '../json.js';
import { checkTenantConfig } from './check-tenant-config.js';
import { aTenantFile } from './testing/a-tenant-file.js';

function problemsOf(policy: JsonValue): string[] {
  const checked = checkTenantConfig(aTenantFile({ policy }));
  return 'problems' in checked ? checked.problems : [];
}
const rule = (changes: JsonObject): JsonObject => ({ code: 'REJECT_POLICY_RULE', field: ['email'], check: 'present', ...changes });
const withRule = (changes: JsonObject): JsonObject => ({ mode: 'SALVAGE', rules: [rule(changes)] });

describe('checkPolicy', () => {
  it.each<[string, JsonObject]>([
    ['nothing but a mode', { mode: 'STRICT' }],
    ['nothing required', { mode: 'SALVAGE', required: [] }],
    ['a block', { mode: 'OFF', blocked: true }],
    ['waiting', { mode: 'SALVAGE', degraded: { mode: 'QUEUE', hold_seconds: 60, fallback: 'REJECT' } }],
    ['equals', withRule({ check: 'equals', value: true })],
    ['in', withRule({ check: 'in', values: ['a', 1] })],
    ['matches', withRule({ check: 'matches', pattern: '[a-z]+' })],
    ['between', withRule({ check: 'between', min: 1 })],
    ['a number that must be exact', withRule({ check: 'between', min: 1, max: 1 })],
    ['a shipped list', withRule({ check: 'not_in_list', list: 'disposable_domains', part: 'domain' })],
    [
      'a list of their own, with the whole value',
      { mode: 'SALVAGE', lists: { ours: ['a@example.com'] }, rules: [rule({ check: 'in_list', list: 'ours' })] },
    ],
    ['names', withRule({ check: 'person_name', effect: 'warn' })],
    ['first names', withRule({ check: 'person_name', min: 1 })],
    ['e-mail quality with free-mail', withRule({ check: 'email_quality', values: ['role_account', 'free_mail'] })],
    ['a shadow', { mode: 'SALVAGE', shadow: { state: 'active', mode: 'STRICT' } }],
    ['a shadow that judges by no rule', { ...withRule({}), shadow: { state: 'active', mode: 'STRICT', rules: [] } }],
  ])('takes %s', (_, policy) => expect(problemsOf(policy)).toEqual([]));

  it.each<[string, JsonValue, ...string[]]>([
    ['an unknown mode', { mode: 'HARSH' }, 'policy.mode: must be one of: OFF, STRICT, SALVAGE'],
    ['a required path that reads nothing', { mode: 'STRICT', required: ['.email'] }, 'policy.required[0]: must be the dot path of a field'],
    ['a path required twice', { mode: 'STRICT', required: ['email', 'email'] }, 'policy.required[1]: is already required above'],
    ['a check nobody knows', withRule({ check: 'likes' }), 'policy.rules[0].check: must be one of: present, filled'],
    ['a code that is none', withRule({ code: 'no code' }), 'policy.rules[0].code: must be capital letters'],
    ['a missing parameter', withRule({ check: 'matches' }), 'policy.rules[0].pattern: is missing; the check "matches" compares with it'],
    ['a missing list', withRule({ check: 'in_list' }), 'policy.rules[0].list: is missing; the check "in_list" compares with it'],
    ['a parameter of another check', withRule({ min: 1 }), 'policy.rules[0].min: has no use beside the check "present"'],
    ['a bad pattern', withRule({ check: 'matches', pattern: '(?=x)' }), 'policy.rules[0].pattern: is not a pattern in RE2 syntax'],
    [
      'a value that is never equal',
      withRule({ check: 'equals', value: {} }),
      'policy.rules[0].value: must be text, a number or true/false',
    ],
    ['a name of no words', withRule({ check: 'person_name', min: 0 }), 'policy.rules[0].min: must be 2 (a whole name) or 1'],
    ['a range without ends', withRule({ check: 'between' }), 'policy.rules[0]: has neither min nor max'],
    ['a range that nothing is in', withRule({ check: 'between', min: 2, max: 1 }), 'policy.rules[0].min: is greater than max'],
    [
      'an unknown list',
      { mode: 'SALVAGE', lists: { ours: ['x'] }, rules: [rule({ check: 'in_list', list: 'theirs' })] },
      'policy.rules[0].list: names no list; use one of: ours, role_accounts, no_reply, disposable_domains, free_mail_domains, or add it under policy.lists',
    ],
    [
      'a whole address looked up among domains',
      withRule({ check: 'not_in_list', list: 'free_mail_domains' }),
      'policy.rules[0].part: must be domain: the entries of free_mail_domains are domains',
    ],
    [
      'an unknown concern',
      withRule({ check: 'email_quality', values: ['ugly'] }),
      'policy.rules[0].values[0]: must be one of: no_reply, role_account',
    ],
    ['a list that is none', { mode: 'SALVAGE', lists: { ours: 'x' } }, 'policy.lists.ours: must be a list of texts'],
    ['a list with a number', { mode: 'SALVAGE', lists: { ours: ['x', 7] } }, 'policy.lists.ours: must hold texts only'],
    ['a list with a blank', { mode: 'SALVAGE', lists: { ours: [' '] } }, 'policy.lists.ours: must hold texts only'],
    [
      'a list named like none',
      { mode: 'SALVAGE', lists: { 'Our List': ['x'] } },
      'policy.lists.Our List: must have a name of small letters',
    ],
    ['rules that never judge', { mode: 'OFF', rules: [rule({})] }, 'policy.rules: judge nothing while policy.mode is OFF'],
    [
      'waiting that nobody does',
      { mode: 'SALVAGE', degraded: { mode: 'REJECT', hold_seconds: 60, fallback: 'REJECT' } },
      'policy.degraded.hold_seconds: has no use with mode REJECT: only QUEUE waits',
      'policy.degraded.fallback: has no use with mode REJECT',
    ],
    [
      'too long a wait',
      { mode: 'SALVAGE', degraded: { mode: 'QUEUE', hold_seconds: 901 } },
      'policy.degraded.hold_seconds: must not be greater than 900',
    ],
    [
      'a shadow that forgets the rules',
      { ...withRule({}), shadow: { state: 'active', mode: 'STRICT' } },
      'policy.shadow.rules: is missing, while policy.rules has rules: a shadow stands alone',
    ],
    [
      'a shadow with a rule in which something is wrong',
      { mode: 'SALVAGE', shadow: { state: 'paused', mode: 'STRICT', rules: [rule({ check: 'between' })] } },
      'policy.shadow.rules[0]: has neither min nor max',
    ],
    [
      'a shadow in no state',
      { mode: 'SALVAGE', shadow: { state: 'on', mode: 'STRICT' } },
      'policy.shadow.state: must be one of: active, paused, archived',
    ],
    ['a policy that is a list', [], 'policy: must be an object'],
  ])('names %s', (_, policy, ...problems) => {
    expect(problemsOf(policy)).toEqual(problems.map((problem) => expect.stringContaining(problem) as string));
  });

  it('lists all problems at once and repeats no value', () => {
    const problems = problemsOf({
      mode: 'SALVAGE',
      required: [''],
      lists: { ours: [7] },
      rules: [rule({ check: 'matches', pattern: '(' }), rule({ check: 'in_list', list: 'geheim' }), rule({ value: 'geheim' })],
    });
    expect(problems).toHaveLength(5);
    expect(problems.join('\n')).not.toContain('geheim');
  });
});
