import type { JsonObject, SourceConfig } from '#core';
import { aSource } from '../../authentication/testing/a-source.js';
import { typeformSource } from './typeform.source.js';

const source = (changes: Partial<SourceConfig> = {}): SourceConfig =>
  aSource({
    kind: 'typeform',
    answers: 'acknowledge',
    authentication: { kind: 'hmac_signature', header: 'Typeform-Signature', encoding: 'base64', secret: 'secret' },
    ...changes,
  });
const read = (body: object, from = source()): unknown =>
  typeformSource.read(
    { bytes: Buffer.from(JSON.stringify(body)), contentType: 'application/json', contentEncoding: null, source: from },
    'flag',
  );

const field = (id: string, type: string, title: string, ref = `readable_ref_${type}`): JsonObject => ({ id, type, title, ref });
const answer = (type: string, value: unknown, id: string): object => ({ type, [type]: value, field: { id, type: 'any' } });

/** The members of Typeform's example payload, one answer of each type. */
const DOCUMENTED = {
  event_id: 'LtWXD3crgy',
  event_type: 'form_response',
  form_response: {
    form_id: 'lT4Z3j',
    token: 'a3a12ec67a1365927098a606107fac15',
    submitted_at: '2018-01-18T18:17:02Z',
    landed_at: '2018-01-18T18:07:02Z',
    calculated: { score: 9 },
    variables: [
      { key: 'score', type: 'number', number: 4 },
      { key: 'name', type: 'text', text: 'typeform' },
    ],
    hidden: { user_id: 'abc123456' },
    definition: {
      id: 'lT4Z3j',
      title: 'Webhooks example',
      fields: [
        field('DlXFaesGBpoF', 'long_text', "What's it like where you live?"),
        field('SMEUb7VJz92Q', 'email', 'Please give us your email address.'),
        field('KoJxDM3c6x8h', 'date', 'When did you move there?', '0b8f5c1e-3f1c-4f3e-9f0a-6b7d8e9f0a1b'),
        field('PNe8ZKBK8C2Q', 'picture_choice', 'Which pictures do you like?'),
        field('Q7M2XAwY04dW', 'number', 'How many people live there?', '01KB5YWTTXW2SXX86TBH2SGNCC'),
        field('gFFf3xAkJKsr', 'legal', 'By submitting this form, you agree.'),
        field('k6TP9oLGgHjl', 'multiple_choice', 'Which of these is your favorite?'),
        field('phone1', 'phone_number', 'Your number'),
        field('web1', 'website', 'Your site'),
        field('file1', 'file_upload', 'A photo'),
        field('RUqkXSeXBXSd', 'yes_no', 'Do you own a car?'),
        { id: 'group1', type: 'group', properties: { fields: [field('pay1', 'payment', 'Pay here')] } },
      ],
    },
    answers: [
      answer('text', "It's cold right now!", 'DlXFaesGBpoF'),
      answer('email', 'laura@example.com', 'SMEUb7VJz92Q'),
      answer('date', '2005-10-15', 'KoJxDM3c6x8h'),
      answer('choices', { labels: ['London', 'Sydney'], other: 'Berlin' }, 'PNe8ZKBK8C2Q'),
      answer('number', 5, 'Q7M2XAwY04dW'),
      answer('boolean', true, 'gFFf3xAkJKsr'),
      answer('choice', { id: 'aTZmZGYV6liX', label: 'London', ref: 'd867' }, 'k6TP9oLGgHjl'),
      answer('phone_number', '+4916012345678', 'phone1'),
      answer('url', 'https://example.com', 'web1'),
      answer('file_url', 'https://api.typeform.com/files/1', 'file1'),
      answer('boolean', false, 'RUqkXSeXBXSd'),
      answer('payment', { amount: '€100', last4: '1234', name: 'Ada', success: true }, 'pay1'),
    ],
  },
};

describe('a finished form', () => {
  it('is its answers by name, what people saw where there is no name, and everything said about it', () => {
    expect(read(DOCUMENTED)).toEqual({
      items: [
        {
          nativeId: 'a3a12ec67a1365927098a606107fac15',
          verbatim: false,
          flags: [],
          payload: {
            event_id: 'LtWXD3crgy',
            form_id: 'lT4Z3j',
            token: 'a3a12ec67a1365927098a606107fac15',
            submitted_at: '2018-01-18T18:17:02Z',
            landed_at: '2018-01-18T18:07:02Z',
            calculated: { score: 9 },
            hidden: { user_id: 'abc123456' },
            variables: { score: 4, name: 'typeform' },
            readable_ref_long_text: "It's cold right now!",
            readable_ref_email: 'laura@example.com',
            readable_ref_picture_choice: ['London', 'Sydney', 'Berlin'],
            readable_ref_legal: true,
            readable_ref_multiple_choice: 'London',
            readable_ref_phone_number: '+4916012345678',
            readable_ref_website: 'https://example.com',
            readable_ref_file_upload: 'https://api.typeform.com/files/1',
            readable_ref_yes_no: false,
            readable_ref_payment: { amount: '€100', last4: '1234', name: 'Ada', success: true },
            questions: { 'When did you move there?': '2005-10-15', 'How many people live there?': 5 },
          },
        },
      ],
      fingerprint: { payload: DOCUMENTED, format: 'json' },
    });
  });

  it('has the names its source gives, by id or by ref, down any path', () => {
    const field_names = { SMEUb7VJz92Q: 'email', readable_ref_phone_number: 'phone', KoJxDM3c6x8h: 'house.since' };
    expect(read(DOCUMENTED, source({ field_names }))).toMatchObject({
      items: [{ payload: { email: 'laura@example.com', phone: '+4916012345678', house: { since: '2005-10-15' } } }],
    });
  });

  const withAnswers = (answers: unknown, fields: unknown = []): object => ({
    event_type: 'form_response',
    form_response: { token: 't', definition: { fields }, answers },
  });

  it.each([
    ['written in place of a choice', { type: 'choice', choice: { other: 'Bonn' } }, 'Bonn'],
    ['a choice without a label', { type: 'choice', choice: { id: 'x', ref: 'r' } }, 'r'],
    ['written in place of choices', { type: 'choices', choices: { other: 'Bonn' } }, ['Bonn']],
    ['a type we do not know', { type: 'calendar', calendar: { at: 'noon' } }, { at: 'noon' }],
    ['nothing', { type: 'text', text: null }, undefined],
    ['no type', { text: 'x' }, undefined],
    ['a type that is a member of every object', { type: 'constructor' }, undefined],
  ])('an answer may be %s', (_description, sent, value) => {
    const body = withAnswers([{ ...sent, field: { id: 'f', ref: 'a' } }]);
    expect(read(body)).toEqual(
      expect.objectContaining({
        items: [expect.objectContaining({ payload: value === undefined ? { token: 't' } : { token: 't', a: value } })],
      }),
    );
  });

  it('keeps two questions of one title apart', () => {
    const fields = [field('f1', 'text', 'Name', ''), field('f2', 'text', 'Name', '')];
    expect(read(withAnswers([answer('text', 'a', 'f1'), answer('text', 'b', 'f2')], fields))).toMatchObject({
      items: [{ payload: { questions: { Name: 'a', f2: 'b' } } }],
    });
  });

  it('does not let an answer take the place of what Typeform says', () => {
    const fields = [field('f1', 'text', 'Token?', 'token'), field('f2', 'text', 'Questions?', 'questions')];
    expect(read(withAnswers([answer('text', 'mine', 'f1'), answer('text', 'none', 'f2')], fields))).toMatchObject({
      items: [{ nativeId: 't', payload: { token: 't', questions: { 'Token?': 'mine', 'Questions?': 'none' } } }],
    });
  });

  it('reaches no prototype by the name of a field', () => {
    for (const [id, ref, title] of [
      ['f', '__proto__', 'x'],
      ['f', '', '__proto__'],
    ] as const) {
      const body = withAnswers([answer('text', 'x', id)], [{ id, ref, title }]);
      expect(read(body)).toMatchObject({ verdict: 'prototype_key' });
    }
    expect(read(withAnswers([{ type: 'number', number: 1, field: { ref: 'constructor.prototype' } }]))).toMatchObject({
      verdict: 'prototype_key',
    });
  });

  it.each([
    ['an unfinished form', { event_type: 'form_response_partial', form_response: { token: 't' } }, 'no_lead'],
    ['no response', { event_type: 'form_response' }, 'unexpected_shape'],
    ['no token', { event_type: 'form_response', form_response: { answers: [] } }, 'unexpected_shape'],
  ])('is not %s', (_description, body, verdict) => {
    expect(read(body)).toMatchObject({ verdict });
  });
});

it('a configuration needs the signature of Typeform', () => {
  expect(typeformSource.problems?.(source())).toEqual([]);
  expect(typeformSource.problems?.(source({ authentication: { kind: 'shared_secret', secret: 's' } }))).toEqual([
    expect.stringMatching(/^authentication\.kind: must be hmac_signature/),
  ]);
  expect(typeformSource.problems?.(source({ authentication: { kind: 'hmac_signature', secret: 's' } }))).toEqual([
    expect.stringMatching(/^authentication\.header: must be Typeform-Signature/),
    expect.stringMatching(/^authentication\.encoding: must be base64/),
  ]);
});
