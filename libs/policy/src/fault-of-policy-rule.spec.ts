import { judgeFields, type JsonValue, type PolicyRule } from '#core';
import { faultOfPolicyRule } from './fault-of-policy-rule.js';
import { ListBook } from './lists/list-book.js';

const lists = new ListBook({ ours: ['example.com', '4711'] });
const aRule = (rule: Partial<PolicyRule>): PolicyRule => ({ code: 'CODE', field: ['x'], check: 'present', ...rule });
const detailOf = (rule: Partial<PolicyRule>, value: JsonValue | undefined): string | undefined =>
  judgeFields(aRule(rule), value === undefined ? {} : { x: value }, faultOfPolicyRule(lists))?.detail;

describe('a policy rule', () => {
  it.each<[Partial<PolicyRule>, JsonValue | undefined, string | undefined]>([
    [{ check: 'present' }, '', undefined],
    [{ check: 'present' }, undefined, 'x is missing'],
    [{ check: 'filled' }, '', 'x is empty'],
    [{ check: 'equals', value: true }, 'true', 'x is not true'],
    [{ check: 'in', values: ['a', 1] }, 1, undefined],
    [{ check: 'matches', pattern: '66[0-9]{3}' }, '66123', undefined],
    [{ check: 'matches', pattern: '66[0-9]{3}' }, 66123, undefined],
    [{ check: 'matches', pattern: '66[0-9]{3}' }, '661234', 'x does not match 66[0-9]{3}'],
    [{ check: 'between', min: 1, max: 5 }, 1, undefined],
    [{ check: 'between', min: 1, max: 5 }, '5.0', undefined],
    [{ check: 'between', min: 1, max: 5 }, '5.01', 'x is not a number from 1 to 5'],
    [{ check: 'between', min: 1 }, '-1', 'x is not a number of at least 1'],
    [{ check: 'between', max: 5 }, '1e0', 'x is not a number of at most 5'],
    [{ check: 'between', max: 5 }, '0x1', 'x is not a number of at most 5'],
    [{ check: 'between', max: 5 }, true, 'x is not a number of at most 5'],
    [{ check: 'between', min: 1 }, '9'.repeat(1 << 20), 'x is not a number of at least 1'],
    [{ check: 'in_list', list: 'ours', part: 'domain' }, 'a@mail.example.com', undefined],
    [{ check: 'in_list', list: 'ours' }, 4711, undefined],
    [{ check: 'in_list', list: 'ours' }, 'geheim', 'x is not on the list ours'],
    [{ check: 'in_list', list: 'ours' }, { a: 1 }, 'x is not on the list ours'],
    [{ check: 'not_in_list', list: 'ours', part: 'domain' }, 'a@example.com', 'x is on the list ours'],
    [{ check: 'not_in_list', list: 'disposable_domains', part: 'domain' }, 'a@mailinator.com', 'x is on the list disposable_domains'],
    [{ check: 'person_name' }, 'Jane Doe', undefined],
    [{ check: 'person_name' }, 'Leasing Office', 'x does not read like the name of a person'],
    [{ check: 'person_name' }, 'Ada', 'x does not read like the name of a person'],
    [{ check: 'person_name', min: 1 }, 'Ada', undefined],
    [{ check: 'person_name', min: 1 }, 'McDonald', undefined],
    [{ check: 'person_name', min: 1 }, 'Leasing', 'x does not read like the name of a person'],
    [{ check: 'email_quality' }, 'jane@gmail.com', undefined],
    [{ check: 'email_quality' }, 'info@acme.com', 'x is the mailbox of a function, not of a person'],
    [{ check: 'email_quality' }, 'no-reply@acme.com', 'x is a mailbox that nobody reads'],
    [{ check: 'email_quality', values: ['free_mail'] }, 'info@gmail.com', 'x is a free mailbox, not that of a business'],
    [{ check: 'email_quality', values: ['disposable'] }, 'a@mailinator.com', 'x is a throw-away mailbox'],
    [{ check: 'email_quality', values: ['disposable'] }, 'info@acme.com', undefined],
  ])('%j says of %j: %s', (rule, value, detail) => {
    expect(detailOf(rule, value)).toBe(detail);
  });

  it.each<Partial<PolicyRule>>([
    { check: 'equals', value: 'a' },
    { check: 'in', values: ['a'] },
    { check: 'matches', pattern: 'a' },
    { check: 'between', min: 1 },
    { check: 'in_list', list: 'ours' },
    { check: 'person_name' },
    { check: 'email_quality' },
  ])('lets a missing and an empty value pass: $check', (rule) => {
    expect([detailOf(rule, undefined), detailOf(rule, null), detailOf(rule, '')]).toEqual([undefined, undefined, undefined]);
  });
});
