import { digitsOf, isJsonObject, type JsonObject, type JsonValue } from '#core';
import { bodyKindOf, parseMediaType } from '../body/media-type.js';
import { readBody } from '../body/read-body.js';
import type { OnDuplicateKeys, ReadBody } from '../body/read-json.js';
import { isRefusal, refuse, type Refusal } from '../body/refusal.js';
import type { RequestToRead } from './source-kind.js';

/** The body of a sender that speaks JSON and nothing else. */
export function readJsonBody(request: RequestToRead, onDuplicateKeys: OnDuplicateKeys): ReadBody | Refusal {
  const kind = bodyKindOf(parseMediaType(request.contentType ?? '').type);
  const read = kind === 'multipart' ? null : readBody(request, onDuplicateKeys);
  if (read === null || read instanceof Promise || (!isRefusal(read) && read.format !== 'json'))
    return refuse('unsupported_media_type', 'This source takes JSON. Send the body as application/json.');
  return read;
}

/** An id as text, its digits exact: what was beyond 2^53 is text already. null: no id. */
export function idText(value: JsonValue | undefined): string | null {
  if (typeof value === 'number') return digitsOf(value);
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : null;
}

/** A member that the object has itself. */
export function memberOf(value: JsonValue | undefined, name: string): JsonValue | undefined {
  return isJsonObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

/** Text that is not empty. */
export function textOf(value: JsonValue | undefined): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

/** The objects of a list; whatever else is in it, or is no list, is passed over. */
export function objectsOf(value: JsonValue | undefined): JsonObject[] {
  return Array.isArray(value) ? value.filter((item) => isJsonObject(item)) : [];
}
