import type { JsonObject, JsonValue, SourceConfig } from '#core';
import type { ReadBody } from '../../body/read-json.js';
import { isRefusal, refuse, type Refusal } from '../../body/refusal.js';
import { idText, memberOf, objectsOf, readJsonBody, textOf } from '../json-body.js';
import { NamedValues, setMember } from '../named-values.js';
import type { ReadRequest, SourceKind } from '../source-kind.js';
import { answerValue } from './answer-value.js';
import { FormQuestions } from './form-questions.js';

/**
 * Typeform (typeform.com/developers/webhooks/example-payload): one lead a request. Answers and questions are two lists, joined by the
 * field's id. Unfinished forms (`form_response_partial`) are no leads: the finished one comes under the same token.
 */
export const typeformSource: SourceKind = {
  kind: 'typeform',
  label: 'Typeform',
  help: 'The webhook of a form. field_names names the fields by id or ref; otherwise a ref that somebody wrote is the name, else the answer is under questions.<title>.',
  readsFieldNames: true,
  read: (request, onDuplicateKeys) => {
    const body = readJsonBody(request, onDuplicateKeys);
    return isRefusal(body) ? body : readResponse(body, request.source);
  },
  problems: ({ authentication: { kind, header, encoding } }) => {
    if (kind !== 'hmac_signature')
      return ['authentication.kind: must be hmac_signature; its secret is the secret of the webhook in Typeform'];
    const problems: string[] = [];
    if (header?.toLowerCase() !== 'typeform-signature')
      problems.push('authentication.header: must be Typeform-Signature, where Typeform puts its signature');
    if (encoding !== 'base64') problems.push('authentication.encoding: must be base64, as Typeform writes its signature');
    return problems;
  },
};

function readResponse({ payload: body, format, flags }: ReadBody, source: SourceConfig): ReadRequest | Refusal {
  const event = textOf(memberOf(body, 'event_type'));
  const response = memberOf(body, 'form_response');
  if (event !== null && event !== 'form_response') return refuse('no_lead', 'The webhook was understood and is not about a finished form.');
  const nativeId = idText(memberOf(response, 'token'));
  if (nativeId === null)
    return refuse('unexpected_shape', 'A finished form of Typeform has the member form_response.token.', '/form_response/token');

  const questions = new FormQuestions(memberOf(response, 'definition'));
  const values = new NamedValues(aboutTheResponse(body, response as JsonObject), source.field_names ?? {});
  for (const answer of objectsOf(memberOf(response, 'answers'))) putAnswer(values, answer, questions);
  const result = values.result();
  if (isRefusal(result)) return result;
  const item = { payload: result.payload, verbatim: false, flags: [...new Set([...flags, ...result.flags])], nativeId };
  return { items: [item], fingerprint: { payload: body, format } };
}

/** What is said about the response: its ids and moments, hidden fields, the score, and the variables by their key. */
function aboutTheResponse(body: JsonObject, response: JsonObject): JsonObject {
  const about: JsonObject = {};
  const eventId = memberOf(body, 'event_id');
  if (eventId !== undefined) about['event_id'] = eventId;
  for (const [name, value] of Object.entries(response)) {
    if (name !== 'definition' && name !== 'answers' && name !== 'variables') setMember(about, name, value);
  }
  const variables: JsonObject = {};
  for (const variable of objectsOf(memberOf(response, 'variables'))) {
    const [key, value] = [textOf(memberOf(variable, 'key')), answerValue(variable)];
    if (key !== null && value !== undefined) setMember(variables, key, value);
  }
  if (Object.keys(variables).length > 0) about['variables'] = variables;
  return about;
}

function putAnswer(values: NamedValues, answer: JsonObject, questions: FormQuestions): void {
  const value: JsonValue | undefined = answerValue(answer);
  const field = questions.of(memberOf(answer, 'field'));
  const otherwise = field.id ?? field.ref;
  if (value === undefined || otherwise === null) return;
  if (values.putConfigured([field.id, field.ref], value)) return;
  if (field.name !== null && values.putMember(field.name, value)) return;
  values.putQuestion(field.title ?? otherwise, otherwise, value);
}
