import { isJsonObject, proceed, type JsonObject, type JsonValue, type LeadFacts, type Stage, type TrimmedFacts } from '#core';
import { trimBlanks } from './text.js';

/** Takes the blanks off both ends of every text, at any depth. Member names stay: they are labels that rules and mappings name. */
export function trimStage(): Stage<Pick<LeadFacts, 'payload'>, TrimmedFacts> {
  return { name: 'trim', run: ({ payload }) => proceed({ trimmed: trimPayload(payload) }) };
}

export function trimPayload(payload: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(payload).map(([key, value]) => [key, trimValue(value)]));
}

function trimValue(value: JsonValue): JsonValue {
  if (typeof value === 'string') return trimBlanks(value);
  if (Array.isArray(value)) return value.map(trimValue);
  return isJsonObject(value) ? trimPayload(value) : value;
}
