import fc from 'fast-check';
import type { AnswerRule, DuplicateRule } from '../config/destination-config.js';
import { judgeAnswer, type AnswerRules, type Judgement, type ReceivedAnswer } from './judge-answer.js';

const LEAD = 'lead-1';
const KEY = 'KEY-1';
const PAGE = '\n<!DOCTYPE html><html><body>Please log in</body></html>';

interface Row {
  readonly description: string;
  readonly rules?: AnswerRules;
  readonly answer: Partial<ReceivedAnswer>;
  readonly judged: Partial<Judgement>;
}

const judge = ({ rules = {}, answer }: Pick<Row, 'rules' | 'answer'>): Judgement =>
  judgeAnswer(rules, { statusCode: 200, text: '', complete: true, ...answer }, [LEAD, KEY]);

const success = (...rules: AnswerRule[]): AnswerRules => ({ success: rules });
const duplicate = (...rules: DuplicateRule[]): AnswerRules => ({ duplicate: rules });
const TAKEN = { success: true, protocolError: false };
const NOT_TAKEN = { success: false, protocolError: false };
const BROKEN = { success: false, protocolError: true };

const ROWS: readonly Row[] = [
  ...[200, 201, 202, 204, 299].map((statusCode) => ({
    description: `no rules: ${statusCode}`,
    answer: { statusCode },
    judged: { ...TAKEN, decidedBy: null },
  })),
  ...[302, 400, 409, 500].map((statusCode) => ({
    description: `no rules: ${statusCode}`,
    answer: { statusCode, text: '{"ok":true}' },
    judged: { ...NOT_TAKEN, decidedBy: null },
  })),
  { description: 'no rules: a page for people', answer: { text: PAGE }, judged: { ...BROKEN, decidedBy: 'protocol:html_page' } },
  {
    description: 'no rules: text that is no JSON',
    rules: { record_id_path: 'id' },
    answer: { text: 'OK' },
    judged: { ...TAKEN, recordId: null },
  },

  {
    description: 'a record id',
    rules: { record_id_path: 'data.0.id' },
    answer: { statusCode: 201, text: '{"data":[{"id":"crm-7"}]}' },
    judged: { ...TAKEN, recordId: 'crm-7', decidedBy: null },
  },
  {
    description: 'a byte order mark before the JSON',
    rules: { ...success({ path: 'ok', equals: true }), record_id_path: 'id' },
    answer: { text: '\uFEFF{"ok":true,"id":"crm-8"}' },
    judged: { ...TAKEN, recordId: 'crm-8' },
  },
  {
    description: 'nothing where a record id is expected',
    rules: { record_id_path: 'id' },
    answer: { text: ' \n' },
    judged: { ...BROKEN, decidedBy: 'protocol:empty' },
  },
  {
    description: 'No Content, which says that there is nothing',
    rules: { record_id_path: 'id' },
    answer: { statusCode: 204 },
    judged: TAKEN,
  },
  {
    description: '201 whose body broke off: the destination had decided',
    rules: { record_id_path: 'id' },
    answer: { statusCode: 201, complete: false },
    judged: { ...TAKEN, recordId: null },
  },
  {
    description: 'a page for people where a record id is expected, whatever the rules',
    rules: { ...success({ status: '200' }), record_id_path: 'id' },
    answer: { text: PAGE },
    judged: { ...BROKEN, decidedBy: 'protocol:html_page' },
  },
  {
    description: 'a page for people where a rule asks for the status only: web forms thank with one',
    rules: success({ status: '200' }),
    answer: { text: PAGE },
    judged: { ...TAKEN, decidedBy: 'success[0]' },
  },

  {
    description: 'a status',
    rules: success({ status: '201' }),
    answer: { statusCode: 201 },
    judged: { ...TAKEN, decidedBy: 'success[0]' },
  },
  {
    description: 'another 2xx than the rule names',
    rules: success({ status: '201' }),
    answer: { statusCode: 202 },
    judged: { ...NOT_TAKEN, decidedBy: 'no_success_rule' },
  },
  { description: 'the first of a range', rules: success({ status: '200-204' }), answer: { statusCode: 200 }, judged: TAKEN },
  { description: 'the last of a range', rules: success({ status: '200-204' }), answer: { statusCode: 204 }, judged: TAKEN },
  { description: 'after a range', rules: success({ status: '200-204' }), answer: { statusCode: 205 }, judged: NOT_TAKEN },
  { description: 'a redirect to a page of thanks', rules: success({ status: '302' }), answer: { statusCode: 302 }, judged: TAKEN },
  {
    description: 'the second rule',
    rules: success({ status: '201' }, { status: '200', path: 'ok', equals: true }),
    answer: { text: '{"ok":true}' },
    judged: { ...TAKEN, decidedBy: 'success[1]' },
  },
  {
    description: '200 that says no (F54)',
    rules: success({ path: 'success', equals: true }),
    answer: { text: '{"success":false}' },
    judged: { ...NOT_TAKEN, decidedBy: 'no_success_rule' },
  },
  {
    description: 'text that only looks like true',
    rules: success({ path: 'success', equals: true }),
    answer: { text: '{"success":"true"}' },
    judged: NOT_TAKEN,
  },
  {
    description: 'a rule without a status, at 500',
    rules: success({ path: 'success', equals: true }),
    answer: { statusCode: 500, text: '{"success":true}' },
    judged: { ...NOT_TAKEN, decidedBy: null },
  },
  { description: 'one of', rules: success({ path: 'state', one_of: ['new', 7] }), answer: { text: '{"state":7}' }, judged: TAKEN },
  { description: 'none of', rules: success({ path: 'state', one_of: ['new', 7] }), answer: { text: '{"state":"7"}' }, judged: NOT_TAKEN },
  { description: 'a pattern', rules: success({ path: 'id', matches: '[0-9]+' }), answer: { text: '{"id":66123.0}' }, judged: TAKEN },
  {
    description: 'a pattern on the whole value',
    rules: success({ path: 'id', matches: '[0-9]+' }),
    answer: { text: '{"id":"x1"}' },
    judged: NOT_TAKEN,
  },
  { description: 'a pattern on a list', rules: success({ path: 'id', matches: '.*' }), answer: { text: '{"id":[]}' }, judged: NOT_TAKEN },
  {
    description: 'a pattern on the text of the answer',
    rules: success({ matches: '(?s).*<state>ok</state>.*' }),
    answer: { text: '<r>\n<state>ok</state></r>' },
    judged: TAKEN,
  },
  { description: 'something is there', rules: success({ path: 'id', exists: true }), answer: { text: '{"id":0}' }, judged: TAKEN },
  { description: 'null is not there', rules: success({ path: 'id', exists: true }), answer: { text: '{"id":null}' }, judged: NOT_TAKEN },
  {
    description: 'nothing is there',
    rules: success({ path: 'errors.0', exists: false }),
    answer: { text: '{"errors":[]}' },
    judged: TAKEN,
  },
  ...(
    [
      ['empty', ''],
      ['html_page', PAGE],
      ['not_json', 'OK'],
    ] as const
  ).map(([why, text]) => ({
    description: `${why} cannot say that nothing is there (F55)`,
    rules: success({ path: 'errors', exists: false }),
    answer: { text },
    judged: { ...BROKEN, decidedBy: `protocol:${why}` },
  })),
  {
    description: 'half an answer where a rule asks for its content',
    rules: success({ path: 'ok', equals: true }),
    answer: { statusCode: 201, text: '{"ok":tr', complete: false },
    judged: { ...BROKEN, decidedBy: 'protocol:broken_off' },
  },
  {
    description: 'a prototype is no member',
    rules: success({ path: '__proto__.constructor', exists: true }),
    answer: { text: '{}' },
    judged: NOT_TAKEN,
  },

  {
    description: '409 that a rule knows (F63)',
    rules: { ...duplicate({ status: '409', record_id_path: 'existing.id' }), record_id_path: 'id' },
    answer: { statusCode: 409, text: '{"existing":{"id":42}}' },
    judged: { ...TAKEN, recordId: '42', decidedBy: 'duplicate[0]' },
  },
  {
    description: '409 of another sort',
    rules: duplicate({ status: '409', path: 'code', equals: 'EXISTS' }),
    answer: { statusCode: 409, text: '{"code":"LOCKED"}' },
    judged: { ...NOT_TAKEN, decidedBy: null },
  },
  {
    description: '200 that says already exists, which success rules would take as well',
    rules: duplicate({ path: 'message', matches: '(?i).*already exists.*' }),
    answer: { text: '{"message":"Contact Already Exists"}' },
    judged: { ...TAKEN, decidedBy: 'duplicate[0]' },
  },
  ...[LEAD, KEY].map((external) => ({
    description: `already there under ${external}, which is ours`,
    rules: duplicate({ status: '409', ours_path: 'external' }),
    answer: { statusCode: 409, text: `{"external":"${external}"}` },
    judged: { ...TAKEN, decidedBy: 'duplicate[0]' },
  })),
  ...['{"external":"lead-2"}', '{"external":null}', '{}', PAGE].map((text) => ({
    description: `already there, but not as ours: ${text.slice(0, 25)}`,
    rules: duplicate({ status: '409', ours_path: 'external' }),
    answer: { statusCode: 409, text },
    judged: { ...NOT_TAKEN, decidedBy: 'duplicate[0]:not_ours' },
  })),
];

describe('judgeAnswer', () => {
  it.each(ROWS)('$description', ({ rules, answer, judged }) => {
    expect(judge({ ...(rules && { rules }), answer })).toMatchObject(judged);
  });

  it('never throws and never calls a lead delivered on an answer outside the rules', () => {
    const rules: AnswerRules = {
      ...success({ status: '200-201', path: 'a.0.b', equals: 'taken' }),
      ...duplicate({ path: 'c', matches: 'known' }),
      record_id_path: 'id.x',
    };
    const texts = fc.oneof(fc.string({ unit: 'binary' }), fc.json());
    fc.assert(
      fc.property(fc.integer({ min: 200, max: 599 }), texts, fc.boolean(), (statusCode, text, complete) => {
        const { success: taken } = judgeAnswer(rules, { statusCode, text, complete }, [LEAD]);
        if (taken) expect(text).toMatch(/taken|known/);
      }),
      { numRuns: 1000 },
    );
  });
});
