import { REASON_CODES, type JsonObject, type JsonValue, type SourceConfig } from '#core';
import type { ReadBody } from '../../body/read-json.js';
import { isRefusal, refuse, type Refusal } from '../../body/refusal.js';
import { idText, memberOf, objectsOf, readJsonBody, textOf } from '../json-body.js';
import { NamedValues, setMember } from '../named-values.js';
import type { ReadRequest, SourceKind } from '../source-kind.js';

/** The member with the key that the form's owner gave to Google. */
const KEY = 'google_key';

/** Google Ads lead forms (developers.google.com/google-ads/webhook/docs/implementation): one lead a request, its answers a list of columns. */
export const googleAdsSource: SourceKind = {
  kind: 'google-ads',
  label: 'Google Ads lead form',
  help: 'The webhook of a lead form. FULL_NAME becomes full_name, PHONE_NUMBER becomes phone; field_names renames others by column_id or column_name.',
  readsFieldNames: true,
  read: (request, onDuplicateKeys) => {
    const body = readJsonBody(request, onDuplicateKeys);
    return isRefusal(body) ? body : readLeadForm(body, request.source);
  },
  problems: ({ authentication: { kind, field } }) => {
    if (kind !== 'body_secret')
      return [`authentication.kind: must be body_secret; its secret is the key of the form, which Google sends as ${KEY}`];
    return field != null && field !== KEY ? [`authentication.field: must be ${KEY}, where Google puts the key of the form`] : [];
  },
};

/** 64-bit integers in Google's description, whose JSON may write them as numbers or as texts. */
const IDS = ['lead_id', 'form_id', 'campaign_id', 'adgroup_id', 'creative_id', 'asset_group_id'];

/** Where the usual name of a field is another than the column's id in small letters. */
const NAMES: Readonly<Record<string, string>> = { PHONE_NUMBER: 'phone' };

function readLeadForm({ payload: body, format, flags }: ReadBody, source: SourceConfig): ReadRequest | Refusal {
  const columns = memberOf(body, 'user_column_data') ?? [];
  const nativeId = idText(memberOf(body, 'lead_id'));
  if (nativeId === null) return refuse('unexpected_shape', 'A lead of Google Ads has the member lead_id.', '/lead_id');
  if (!Array.isArray(columns)) return refuse('unexpected_shape', 'user_column_data must be a list.', '/user_column_data');

  const whole = membersOf(body, [KEY]);
  const values = new NamedValues(membersOf(body, [KEY, 'user_column_data']), source.field_names ?? {});
  for (const column of objectsOf(columns)) putColumn(values, column);
  const result = values.result();
  if (isRefusal(result)) return result;
  const test = memberOf(body, 'is_test') === true ? [REASON_CODES.testLead] : [];
  const item = { payload: result.payload, verbatim: false, flags: [...new Set([...flags, ...result.flags, ...test])], nativeId };
  return { items: [item], fingerprint: { payload: whole, format } };
}

function membersOf(body: JsonObject, without: readonly string[]): JsonObject {
  const members: JsonObject = {};
  for (const [name, value] of Object.entries(body)) {
    if (!without.includes(name)) setMember(members, name, IDS.includes(name) ? (idText(value) ?? value) : value);
  }
  return members;
}

function putColumn(values: NamedValues, column: JsonObject): void {
  const value: JsonValue | undefined = memberOf(column, 'string_value');
  if (value === undefined || value === null) return;
  const [id, label] = [textOf(memberOf(column, 'column_id')), textOf(memberOf(column, 'column_name'))];
  if (values.putConfigured([id, label], value)) return;
  const name = id === null ? '' : (NAMES[id] ?? inSmallLetters(id));
  if (name !== '' && values.putMember(name, value)) return;
  const question = label ?? id;
  if (question !== null) values.putQuestion(question, id ?? question, value);
}

/** `FULL_NAME` → full_name; of a question that somebody wrote, its words with underscores between them. */
function inSmallLetters(id: string): string {
  return id
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '_')
    .replace(/^_|_$/g, '');
}
