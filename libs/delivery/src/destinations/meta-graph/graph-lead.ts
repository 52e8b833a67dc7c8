import { isJsonObject, storableText, writePath, type JsonObject, type JsonValue } from '#core';

/** What is asked for: documented for every lead, and readable with the permission that reading leads needs anyway. */
export const GRAPH_FIELDS = [
  'id',
  'created_time',
  'ad_id',
  'form_id',
  'field_data',
  'is_organic',
  'platform',
  'custom_disclaimer_responses',
] as const;

/** What Meta itself says about a lead, in the webhook or here; an answer of a form of such a name goes under `questions`. */
const METAS_OWN: readonly string[] = [...GRAPH_FIELDS, 'leadgen_id', 'page_id', 'adgroup_id', 'questions'];
/** As they came. The id is the webhook's `leadgen_id`. */
const KEPT = ['created_time', 'ad_id', 'form_id', 'is_organic', 'platform'] as const;
/** No form has a field of these names, and as members they would reach a prototype. */
const NO_NAMES: readonly string[] = ['__proto__', 'constructor', 'prototype'];

/**
 * The members of a lead out of Graph's answer `{id, created_time, ad_id, form_id, field_data: [{name, values: […]}]}`: a field with one value
 * is its text, one with several a list of texts, one with none is null.
 * @param names `field_names` of the source: name in the form → dot path in the lead
 * @returns null when it is not the lead with this id
 */
export function readGraphLead(answer: JsonValue, id: string, names: Readonly<Record<string, string>>): JsonObject | null {
  if (!isJsonObject(answer) || !Array.isArray(answer['field_data']) || textOf(answer['id']) !== id) return null;
  const lead: JsonObject = {};
  for (const name of KEPT) {
    const value = answer[name];
    if (typeof value === 'boolean') lead[name] = value;
    else if (textOf(value) !== null) lead[name] = textOf(value);
  }
  const consents = consentsOf(answer['custom_disclaimer_responses']);
  if (consents !== null) lead['custom_disclaimer_responses'] = consents;
  const questions: JsonObject = {};
  for (const [name, values] of fieldsOf(answer['field_data'])) {
    const value = values.length > 1 ? values : (values[0] ?? null);
    if (Object.hasOwn(names, name)) writePath(lead, names[name] as string, value);
    else if (METAS_OWN.includes(name)) questions[name] = value;
    else lead[name] = value;
  }
  return Object.keys(questions).length === 0 ? lead : { ...lead, questions };
}

/** Values of a name that comes twice stand together. */
function fieldsOf(data: readonly JsonValue[]): Map<string, string[]> {
  const fields = new Map<string, string[]>();
  for (const field of data) {
    const name = isJsonObject(field) ? textOf(field['name']) : null;
    if (!isJsonObject(field) || name === null || NO_NAMES.includes(name)) continue;
    const values = Array.isArray(field['values']) ? field['values'] : [field['values'] ?? null];
    fields.set(name, [...(fields.get(name) ?? []), ...values.map(textOf).filter((text) => text !== null)]);
  }
  return fields;
}

/** `[{checkbox_key, is_checked: "1"}]` as an object by key, which a rule's or a mapping's dot path can reach. */
function consentsOf(responses: JsonValue | undefined): JsonObject | null {
  if (!Array.isArray(responses) || responses.length === 0) return null;
  const consents: JsonObject = {};
  for (const response of responses) {
    const key = isJsonObject(response) ? textOf(response['checkbox_key']) : null;
    if (isJsonObject(response) && key !== null && !NO_NAMES.includes(key)) consents[key] = textOf(response['is_checked']);
  }
  return consents;
}

function textOf(value: JsonValue | undefined): string | null {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return typeof value === 'string' ? storableText(value) : null;
}
