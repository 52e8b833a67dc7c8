import fc from 'fast-check';
import {
  ON_DUPLICATE,
  POLICY_MODES,
  readPath,
  type DegradedConfig,
  type EarlierLead,
  type JsonObject,
  type JudgedField,
  type LeadId,
  type Outcome,
  type PolicyConfig,
  type PolicyFacts,
  type PolicyRule,
} from '#core';
import { decidePolicy } from './decide-policy.js';
import { policyFacts, type PolicyQuestion } from './testing/policy-facts.js';

const EARLIER: EarlierLead = { leadId: 'lead-1' as LeadId, matchedOn: 'email', seenAt: new Date(0) };
const VALID: JudgedField = { path: 'email', kind: 'email', state: 'valid' };
const BAD_EMAIL: JudgedField = { path: 'email', kind: 'email', state: 'invalid' };
const NO_EMAIL: JudgedField = { path: 'email', kind: 'email', state: 'missing' };
const BAD_PHONE: JudgedField = { path: 'phone', kind: 'phone', state: 'invalid' };

const decide = (question: PolicyQuestion = {}): Outcome<PolicyFacts> => {
  const facts = policyFacts(question);
  return decidePolicy(facts.config.policy, facts);
};

/** `PASS`, `WARN a b`, `REJECT a b`, `HOLD reason seconds: DECISION a b`. */
function inShort(outcome: Outcome<PolicyFacts>): string {
  switch (outcome.kind) {
    case 'continue':
      return [outcome.adds.decision, ...outcome.adds.reasonCodes].join(' ');
    case 'reject':
      return ['REJECT', ...outcome.reasons.map(({ code }) => code)].join(' ');
    case 'hold':
      return `HOLD ${outcome.reason.code} ${outcome.holdSeconds}: ${[outcome.says?.decision, ...(outcome.says?.reasonCodes ?? [])].join(' ')}`;
    case 'fail':
      throw new Error('the policy never fails a lead');
  }
}
const said = (question: PolicyQuestion): string => inShort(decide(question));
const sent = (outcome: Outcome<PolicyFacts>): JsonObject => (outcome.kind === 'continue' ? outcome.adds.normalised : {});
const aRule = (rule: Partial<PolicyRule>): PolicyRule => ({ code: 'REJECT_POLICY_RULE', field: ['zip'], check: 'present', ...rule });

describe('fields', () => {
  it.each<[description: string, policy: PolicyConfig, fields: JudgedField[], says: string]>([
    ['a required field is missing', { mode: 'SALVAGE' }, [NO_EMAIL], 'REJECT REJECT_MISSING_REQUIRED'],
    ['a required field is missing', { mode: 'STRICT' }, [NO_EMAIL], 'REJECT REJECT_MISSING_REQUIRED'],
    ['a required field is invalid', { mode: 'SALVAGE' }, [BAD_EMAIL], 'REJECT REJECT_INVALID_EMAIL'],
    ['a required field is invalid', { mode: 'STRICT' }, [BAD_EMAIL], 'REJECT REJECT_INVALID_EMAIL'],
    ['an optional phone is invalid', { mode: 'SALVAGE' }, [VALID, BAD_PHONE], 'WARN WARN_INVALID_OPTIONAL_PHONE'],
    ['an optional phone is invalid', { mode: 'STRICT' }, [VALID, BAD_PHONE], 'REJECT REJECT_INVALID_PHONE'],
    ['an optional e-mail is invalid', { mode: 'SALVAGE', required: ['phone'] }, [BAD_EMAIL], 'REJECT REJECT_MISSING_REQUIRED'],
    [
      'nothing is required',
      { mode: 'SALVAGE', required: [] },
      [BAD_EMAIL, BAD_PHONE],
      'WARN WARN_INVALID_OPTIONAL_EMAIL WARN_INVALID_OPTIONAL_PHONE',
    ],
    ['a phone is required and invalid', { mode: 'SALVAGE', required: ['phone'] }, [VALID, BAD_PHONE], 'REJECT REJECT_INVALID_PHONE'],
    ['missing comes before invalid', { mode: 'STRICT' }, [NO_EMAIL, BAD_PHONE], 'REJECT REJECT_MISSING_REQUIRED REJECT_INVALID_PHONE'],
    ['all are invalid', { mode: 'STRICT' }, [BAD_EMAIL, BAD_PHONE], 'REJECT REJECT_INVALID_EMAIL REJECT_INVALID_PHONE'],
    ['mode OFF judges nothing', { mode: 'OFF' }, [NO_EMAIL, BAD_PHONE], 'PASS'],
    ['a path that is no e-mail and no phone', { mode: 'STRICT', required: ['company'] }, [], 'REJECT REJECT_MISSING_REQUIRED'],
    ['the same, blank', { mode: 'STRICT', required: ['blank'] }, [], 'REJECT REJECT_MISSING_REQUIRED'],
    ['the same, filled', { mode: 'STRICT', required: ['name.first'] }, [], 'PASS'],
  ])('%s (%j)', (_, policy, judgedFields, says) => {
    expect(said({ policy, judgedFields, normalised: { name: { first: 'A' }, blank: '' } })).toBe(says);
  });

  it('names one code once, with every field it stands for and no value', () => {
    const judgedFields: JudgedField[] = [VALID, BAD_PHONE, { ...BAD_PHONE, path: 'contact.phone' }];
    expect(decide({ policy: { mode: 'STRICT' }, judgedFields, normalised: { phone: 'geheim' } })).toEqual({
      kind: 'reject',
      reasons: [{ code: 'REJECT_INVALID_PHONE', detail: 'phone is not a valid phone number; contact.phone is not a valid phone number' }],
    });
  });

  it('drops what SALVAGE warns of, with its original, and says so; what was judged stays for the shadow', () => {
    const normalised = { email: 'a@example.com', contact: { phone: 'x', phone_original: 'x', name: 'A' }, 'contact.phone': 'y' };
    const outcome = decide({ normalised, judgedFields: [VALID, { ...BAD_PHONE, path: 'contact.phone' }] });
    expect(outcome).toEqual({
      kind: 'continue',
      adds: {
        decision: 'WARN',
        reasonCodes: ['WARN_INVALID_OPTIONAL_PHONE'],
        normalised: { email: 'a@example.com', contact: { name: 'A' } },
        judged: normalised,
      },
      notes: [
        {
          code: 'WARN_INVALID_OPTIONAL_PHONE',
          detail: 'contact.phone is not a valid phone number: left out of what is sent on; the lead as it was received keeps it',
        },
      ],
    });
  });
});

describe('rules', () => {
  it('list their codes after those of the fields; a dropped field is missing for them', () => {
    const rules = [
      aRule({ code: 'NO_ZIP' }),
      aRule({ code: 'NO_PHONE', field: ['phone'] }),
      aRule({ code: 'OTHER', field: ['email'], check: 'equals', value: 'b' }),
    ];
    expect(said({ policy: { mode: 'SALVAGE', rules }, judgedFields: [NO_EMAIL, BAD_PHONE], normalised: { phone: 'x' } })).toBe(
      'REJECT REJECT_MISSING_REQUIRED NO_ZIP NO_PHONE',
    );
  });

  it('with the effect warn let the lead go on with their code and say which one fired', () => {
    const rules = [aRule({ code: 'WARN_ZIP', effect: 'warn' })];
    const outcome = decide({ policy: { mode: 'STRICT', rules } });
    expect(inShort(outcome)).toBe('WARN WARN_ZIP');
    expect(outcome.kind === 'continue' && outcome.notes).toEqual([{ code: 'WARN_ZIP', detail: 'zip is missing' }]);
  });

  it('judge nothing in mode OFF', () => {
    expect(said({ policy: { mode: 'OFF', rules: [aRule({})] } })).toBe('PASS');
  });
});

describe('a blocked tenant', () => {
  it.each(POLICY_MODES)('refuses every lead, whatever else is wrong with it (%s)', (mode) => {
    expect(said({ policy: { mode, blocked: true }, judgedFields: [NO_EMAIL], duplicateOf: EARLIER })).toBe('REJECT REJECT_TENANT_BLOCKED');
  });
});

describe('a duplicate', () => {
  it.each(ON_DUPLICATE)('is none when nobody was earlier (on_duplicate: %s)', (on_duplicate) => {
    expect(said({ dedup: { on_duplicate } })).toBe('PASS');
  });

  it.each<[PolicyQuestion, string]>([
    [{ dedup: { on_duplicate: 'deliver' } }, 'DUPLICATE_HINT duplicate_confirmed'],
    [{ dedup: { on_duplicate: 'update' } }, 'DUPLICATE_HINT duplicate_confirmed'],
    [{ dedup: { on_duplicate: 'hold' } }, 'HOLD duplicate null: DUPLICATE_HINT duplicate_confirmed'],
    [{ dedup: { on_duplicate: 'reject' } }, 'REJECT duplicate_confirmed'],
    [{ policy: { mode: 'OFF' } }, 'DUPLICATE_HINT duplicate_confirmed'],
    [{ judgedFields: [VALID, BAD_PHONE] }, 'DUPLICATE_HINT duplicate_confirmed WARN_INVALID_OPTIONAL_PHONE'],
    [{ judgedFields: [BAD_EMAIL] }, 'REJECT REJECT_INVALID_EMAIL'],
    [{ duplicateCheckSkipped: true }, 'DUPLICATE_HINT duplicate_confirmed'],
  ])('%j: %s', (question, says) => {
    expect(said({ ...question, duplicateOf: EARLIER })).toBe(says);
  });

  it('is refused or held with words that name the earlier lead', () => {
    expect(decide({ dedup: { on_duplicate: 'hold' }, duplicateOf: EARLIER })).toMatchObject({
      reason: { code: 'duplicate', detail: 'the same email as lead lead-1' },
    });
  });
});

describe('a skipped duplicate check', () => {
  const with_ = (degraded: DegradedConfig | undefined, more: PolicyQuestion = {}): string =>
    said({ policy: { mode: 'SALVAGE', degraded }, duplicateCheckSkipped: true, ...more });
  const over: PolicyQuestion = { flags: ['INDEX_WAIT_OVER'] };

  it.each<[DegradedConfig | undefined, PolicyQuestion, string]>([
    [undefined, {}, 'WARN WARN_INDEX_UNAVAILABLE'],
    [{ mode: 'ACCEPT_WITH_FLAG' }, {}, 'WARN WARN_INDEX_UNAVAILABLE'],
    [{ mode: 'ACCEPT_WITH_FLAG' }, { judgedFields: [VALID, BAD_PHONE] }, 'WARN WARN_INDEX_UNAVAILABLE WARN_INVALID_OPTIONAL_PHONE'],
    [{ mode: 'REJECT' }, {}, 'REJECT index_unavailable'],
    [{ mode: 'QUEUE' }, {}, 'HOLD index_unavailable 900: WARN WARN_INDEX_UNAVAILABLE'],
    [{ mode: 'QUEUE', hold_seconds: 60 }, {}, 'HOLD index_unavailable 60: WARN WARN_INDEX_UNAVAILABLE'],
    [{ mode: 'QUEUE' }, over, 'WARN WARN_INDEX_UNAVAILABLE'],
    [{ mode: 'QUEUE', fallback: 'ACCEPT_WITH_FLAG' }, over, 'WARN WARN_INDEX_UNAVAILABLE'],
    [{ mode: 'QUEUE', fallback: 'REJECT' }, over, 'REJECT WARN_INDEX_UNAVAILABLE'],
    [{ mode: 'REJECT' }, { judgedFields: [BAD_EMAIL] }, 'REJECT REJECT_INVALID_EMAIL'],
    [{ mode: 'REJECT' }, { dedup: { identities: [] } }, 'PASS'],
  ])('degraded %j, %j: %s', (degraded, more, says) => expect(with_(degraded, more)).toBe(says));

  it('counts in mode OFF too', () => {
    expect(said({ policy: { mode: 'OFF' }, duplicateCheckSkipped: true })).toBe('WARN WARN_INDEX_UNAVAILABLE');
  });

  it('no longer matters when the wait is over and the index answers', () => {
    expect(said({ policy: { mode: 'SALVAGE', degraded: { mode: 'QUEUE', fallback: 'REJECT' } }, ...over })).toBe('PASS');
  });
});

const PATHS = ['email', 'phone', 'contact.email', 'contact.phone'];
const anyFields = fc.uniqueArray(
  fc.record({
    path: fc.constantFrom(...PATHS),
    kind: fc.constantFrom<JudgedField['kind']>('email', 'phone'),
    state: fc.constantFrom<JudgedField['state']>('valid', 'invalid', 'missing'),
  }),
  { selector: ({ path }) => path },
);
const anyLead = fc.record(
  {
    email: fc.jsonValue(),
    phone: fc.string({ unit: 'binary' }),
    contact: fc.oneof(fc.jsonValue(), fc.record({ email: fc.string(), phone: fc.string(), phone_original: fc.string() })),
    'contact.phone': fc.string(),
    zip: fc.oneof(fc.string({ unit: 'binary' }), fc.jsonValue()),
  },
  { requiredKeys: [] },
) as fc.Arbitrary<JsonObject>;
const anyRule = fc
  .record({
    check: fc.constantFrom<PolicyRule['check']>(
      'present',
      'filled',
      'equals',
      'in',
      'matches',
      'between',
      'in_list',
      'not_in_list',
      'person_name',
      'email_quality',
    ),
    effect: fc.constantFrom<PolicyRule['effect']>('warn', 'reject', undefined),
    part: fc.constantFrom<PolicyRule['part']>('value', 'local_part', 'domain', undefined),
    field: fc.constant<string[]>(['zip', 'email', 'contact']),
  })
  .map((rule): PolicyRule =>
    aRule({ ...rule, pattern: '[0-9]{5}', value: 'x', values: ['x', 1], min: 1, max: 9, list: 'free_mail_domains' }),
  );
const anyQuestion = (mode: fc.Arbitrary<PolicyConfig['mode']>): fc.Arbitrary<PolicyQuestion> =>
  fc.record({
    policy: fc.record({ mode, required: fc.option(fc.subarray(PATHS), { nil: undefined }), rules: fc.array(anyRule, { maxLength: 4 }) }),
    dedup: fc.record({ on_duplicate: fc.constantFrom(...ON_DUPLICATE) }),
    normalised: anyLead,
    judgedFields: anyFields,
    duplicateOf: fc.constantFrom(null, EARLIER),
    duplicateCheckSkipped: fc.boolean(),
  });

describe('whatever the fields hold', () => {
  it('there is a decision, and the same one every time', () => {
    fc.assert(
      fc.property(anyQuestion(fc.constantFrom(...POLICY_MODES)), (question) => {
        const before = JSON.stringify(question);
        expect(decide(question)).toEqual(decide(question));
        expect(JSON.stringify(question)).toBe(before);
      }),
      { numRuns: 1000 },
    );
  });

  it('STRICT never lets an invalid field pass', () => {
    fc.assert(
      fc.property(anyQuestion(fc.constant('STRICT')), (question) => {
        fc.pre(question.judgedFields?.some(({ state }) => state === 'invalid') === true);
        expect(decide(question).kind).toBe('reject');
      }),
    );
  });

  it('SALVAGE never sends an invalid field on', () => {
    fc.assert(
      fc.property(anyQuestion(fc.constant('SALVAGE')), (question) => {
        const lead = sent(decide(question));
        for (const { path, state } of question.judgedFields ?? []) if (state === 'invalid') expect(readPath(lead, path)).toBeUndefined();
      }),
      { numRuns: 1000 },
    );
  });
});
