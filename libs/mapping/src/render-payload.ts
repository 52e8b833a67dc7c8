import {
  assertNever,
  isJsonObject,
  readPath,
  REASON_CODES,
  writePath,
  type AttributesConfig,
  type JsonObject,
  type JsonValue,
  type LeadId,
  type MappedFact,
  type MappedField,
  type MappingConfig,
  type OmittedField,
} from '#core';
import { convertValue } from './convert-value.js';
import { judgeAttribute } from './judge-attribute.js';

/** All that a body may be made of. */
export interface MappedLead {
  readonly id: LeadId;
  readonly receivedAt: Date;
  readonly normalised: JsonObject;
}

/** The body, or the name of the first required field for which the lead has nothing usable. */
export type Rendering = { readonly body: JsonObject; readonly omitted: readonly OmittedField[] } | { readonly missing: string };

/**
 * Makes the body of one destination. Its members stand in the order in which the mapping's fields first name them, so equal leads give
 * equal bytes. Optional fields without a value are left out; optional values the customer would refuse are left out and listed.
 */
export function renderPayload(mapping: MappingConfig, lead: MappedLead): Rendering {
  const body: JsonObject = {};
  const omitted: OmittedField[] = [];
  for (const field of mapping.fields) {
    const value = valueOf(field, mapping, lead, omitted);
    if (value !== undefined) writePath(body, field.target, value);
    else if (field.required_as !== undefined) return { missing: field.required_as };
  }
  return { body, omitted };
}

function valueOf(field: MappedField, mapping: MappingConfig, lead: MappedLead, omitted: OmittedField[]): JsonValue | undefined {
  if (field.fact !== undefined) return factOf(field.fact, mapping, lead, omitted);
  if (field.value !== undefined) return field.value === '' ? undefined : field.value;
  const found = firstFilled(lead.normalised, field.from ?? []);
  if (found === undefined) return field.default;
  const converted = convertValue(found, field.as);
  const refused = 'refused' in converted ? converted.refused : outsideOf(field.one_of, converted.value);
  if (refused !== undefined) omitted.push({ field: field.target, code: REASON_CODES.fieldOmitted, detail: refused });
  return 'refused' in converted || refused !== undefined ? undefined : converted.value;
}

function factOf(fact: MappedFact, mapping: MappingConfig, lead: MappedLead, omitted: OmittedField[]): JsonValue {
  switch (fact) {
    case 'lead_id':
      return lead.id;
    case 'received_at':
      return lead.receivedAt.toISOString();
    case 'attributes':
      return attributesOf(mapping.attributes ?? {}, lead.normalised, omitted);
    default:
      return assertNever(fact);
  }
}

/**
 * Only declared attributes are sent. A value stays as it was sent: 5000 remains a number, "5000" text.
 * In the order of their names, because the rules' own order does not survive jsonb and equal leads must give equal bytes.
 */
function attributesOf(
  { rules = {}, labels = {}, questions = 'questions' }: AttributesConfig,
  normalised: JsonObject,
  omitted: OmittedField[],
): JsonObject {
  const attributes: JsonObject = {};
  for (const [name, rule] of Object.entries(rules).sort(([one], [other]) => (one < other ? -1 : 1))) {
    const value = attributeValue(name, labels[name], questions, normalised);
    if (value === undefined) continue;
    const refused = judgeAttribute(rule, value);
    if (refused === undefined) attributes[name] = value;
    else omitted.push({ field: name, code: REASON_CODES.attributeOmitted, detail: refused });
  }
  return attributes;
}

/** At the root, under `lead_attributes`, or under the label that a form gave it. Names are member names here, not paths. */
function attributeValue(name: string, label: string | undefined, questions: string, normalised: JsonObject): JsonValue | undefined {
  return (
    memberOf(normalised, name) ??
    memberOf(readPath(normalised, 'lead_attributes'), name) ??
    (label === undefined ? undefined : memberOf(readPath(normalised, questions), label))
  );
}

/** A member that is there and filled: null and "" are what a form sends for an answer that was not given. */
function memberOf(holder: JsonValue | undefined, name: string): JsonValue | undefined {
  const value = isJsonObject(holder) && Object.hasOwn(holder, name) ? holder[name] : undefined;
  return value === null || value === '' ? undefined : value;
}

function firstFilled(normalised: JsonObject, paths: readonly string[]): JsonValue | undefined {
  for (const path of paths) {
    const value = readPath(normalised, path);
    if (value !== undefined && value !== null && value !== '') return value;
  }
  return undefined;
}

function outsideOf(oneOf: readonly string[] | undefined, value: JsonValue): string | undefined {
  return oneOf === undefined || (typeof value === 'string' && oneOf.includes(value)) ? undefined : `is not one of ${oneOf.join(', ')}`;
}
