import {
  assertNever,
  judgeFields,
  ORIGINAL_SUFFIX,
  readPath,
  REASON_CODES,
  withoutPath,
  type JsonObject,
  type JudgedField,
  type PolicyConfig,
  type Reason,
} from '#core';
import { faultOfPolicyRule } from './fault-of-policy-rule.js';
import { bookOf } from './lists/list-book.js';

/** What the fields and rules of a policy say about one lead, before duplicates are looked at. */
export interface LeadJudgement {
  /** Why it is refused: missing fields, then invalid ones, then rules, each in their order; empty: it is not. */
  readonly refusals: readonly Reason[];
  /** What is noted about it and lets it go on. */
  readonly warnings: readonly Reason[];
  /** The lead without the fields that were dropped. */
  readonly normalised: JsonObject;
}

/** CONTRACTS 3: e-mail is required unless the tenant says otherwise. */
const REQUIRED = ['email'];

export function judgeLead(
  policy: PolicyConfig,
  normalised: JsonObject,
  judgedFields: readonly JudgedField[],
  lists: PolicyConfig['lists'],
): LeadJudgement {
  if (policy.mode === 'OFF') return { refusals: [], warnings: [], normalised };
  const required = policy.required ?? REQUIRED;
  const invalid = judgedFields.filter(({ state }) => state === 'invalid');
  const dropped = policy.mode === 'SALVAGE' ? invalid.filter(({ path }) => !required.includes(path)) : [];
  const refused = invalid.filter((field) => !dropped.includes(field));
  const kept = dropped.reduce((lead, { path }) => withoutPath(lead, path, ORIGINAL_SUFFIX), normalised);
  const failed = judgeRules(policy, kept, lists);
  return {
    refusals: [
      ...required.filter((path) => isMissing(normalised, path, judgedFields)).map(missing),
      ...refused.map((field) => ({ code: REFUSED[field.kind], detail: `${field.path} is not a valid ${WORD[field.kind]}` })),
      ...failed.filter(({ effect }) => effect === 'reject').map(({ reason }) => reason),
    ],
    warnings: [
      ...dropped.map((field) => ({
        code: WARNED[field.kind],
        detail: `${field.path} is not a valid ${WORD[field.kind]}: left out of what is sent on; the lead as it was received keeps it`,
      })),
      ...failed.filter(({ effect }) => effect === 'warn').map(({ reason }) => reason),
    ],
    normalised: kept,
  };
}

const WORD = { email: 'e-mail address', phone: 'phone number' } as const;
const REFUSED = { email: REASON_CODES.invalidEmail, phone: REASON_CODES.invalidPhone } as const;
const WARNED = { email: REASON_CODES.invalidOptionalEmail, phone: REASON_CODES.invalidOptionalPhone } as const;

function isMissing(normalised: JsonObject, path: string, judgedFields: readonly JudgedField[]): boolean {
  const judged = judgedFields.find((field) => field.path === path);
  if (judged !== undefined) return judged.state === 'missing';
  const value = readPath(normalised, path);
  return value === undefined || value === null || value === '';
}

function missing(path: string): Reason {
  return { code: REASON_CODES.missingRequired, detail: `${path} is required and missing` };
}

interface FailedRule {
  readonly effect: 'reject' | 'warn';
  readonly reason: Reason;
}

/** Rules see the lead as it goes on: a field that was dropped is missing for them. */
function judgeRules({ rules = [], mode }: PolicyConfig, lead: JsonObject, lists: PolicyConfig['lists']): FailedRule[] {
  switch (mode) {
    case 'OFF':
      return [];
    case 'STRICT':
    case 'SALVAGE': {
      const faultOf = faultOfPolicyRule(bookOf(lists));
      return rules.flatMap((rule) => {
        const reason = judgeFields(rule, lead, faultOf);
        return reason === undefined ? [] : [{ effect: rule.effect ?? 'reject', reason }];
      });
    }
    default:
      return assertNever(mode);
  }
}
