import { assertNever, comparableText, faultOfCommonRule, type CommonRule, type FaultOf, type JsonValue, type PolicyRule } from '#core';
import type { ListBook } from './lists/list-book.js';
import { emailConcerns, REFUSED_CONCERNS } from './quality/email-quality.js';
import { isPersonName } from './quality/person-name.js';

/** What a policy rule finds wrong with a value, by these lists. "" is wrong for `filled` only: whoever wants it filled says so. */
export const faultOfPolicyRule =
  (lists: ListBook): FaultOf<PolicyRule> =>
  (rule, value) => {
    if (value === '' && rule.check !== 'filled') return undefined;
    switch (rule.check) {
      case 'present':
      case 'filled':
      case 'matches':
      case 'equals':
      case 'in':
      case 'between':
        return faultOfCommonRule(rule as PolicyRule & CommonRule, value);
      case 'in_list':
        return isListed(rule, value, lists) ? undefined : `is not on the list ${rule.list}`;
      case 'not_in_list':
        return isListed(rule, value, lists) ? `is on the list ${rule.list}` : undefined;
      case 'person_name':
        return isPersonName(value, rule.min ?? undefined) ? undefined : 'does not read like the name of a person';
      case 'email_quality':
        return concernOf(rule, value, lists);
      default:
        return assertNever(rule.check);
    }
  };

function isListed({ list, part }: PolicyRule, value: JsonValue, lists: ListBook): boolean {
  const text = comparableText(value);
  return text !== undefined && lists.holds(list ?? '', text, part ?? 'value');
}

/** A value that is no text is no address, and that is for the judgement of fields to say. */
function concernOf({ values }: PolicyRule, value: JsonValue, lists: ListBook): string | undefined {
  if (typeof value !== 'string') return undefined;
  const refused: readonly JsonValue[] = values ?? REFUSED_CONCERNS;
  const [concern] = emailConcerns(value, lists).filter((found) => refused.includes(found));
  return concern === undefined ? undefined : SAID[concern];
}

const SAID = {
  no_reply: 'is a mailbox that nobody reads',
  role_account: 'is the mailbox of a function, not of a person',
  disposable: 'is a throw-away mailbox',
  free_mail: 'is a free mailbox, not that of a business',
} as const;
