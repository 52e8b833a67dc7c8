import { isJsonObject, type JsonValue } from '#core';

/** Field → its value as text, of one payload; only ever compared, never kept. A payload that cannot be read is one field. */
export type PayloadFields = ReadonlyMap<string, string>;

const WHOLE = '(body)';

/** @param payload as a destination is sent it: JSON, a form or XML, as libs/mapping writes them */
export function payloadFields(contentType: string, payload: string): PayloadFields {
  if (contentType.startsWith('application/json')) return ofJson(payload);
  if (contentType.startsWith('application/x-www-form-urlencoded')) return new Map(new URLSearchParams(payload));
  if (contentType.startsWith('application/xml')) return ofXml(payload);
  return new Map([[WHOLE, payload]]);
}

function ofJson(payload: string): PayloadFields {
  try {
    const fields = new Map<string, string>();
    collect(JSON.parse(payload) as JsonValue, '', fields);
    return fields;
  } catch {
    return new Map([[WHOLE, payload]]);
  }
}

function collect(value: JsonValue, path: string, into: Map<string, string>): void {
  const members = isJsonObject(value) ? Object.entries(value) : Array.isArray(value) ? [...value.entries()] : [];
  if (members.length === 0) into.set(path === '' ? WHOLE : path, JSON.stringify(value));
  for (const [name, member] of members) collect(member as JsonValue, path === '' ? `${name}` : `${path}.${name}`, into);
}

/** Only what we write ourselves is read: elements without attributes, texts escaped. Repeated elements are numbered. */
function ofXml(payload: string): PayloadFields {
  const fields = new Map<string, string>();
  const path: string[] = [];
  let text = '';
  for (const [, opens, name = '', closesItself, words] of payload.matchAll(/<(\/?)([^\s<>/?!]+)[^<>]*?(\/?)>|([^<]+)/g)) {
    if (words !== undefined) text = words;
    else if (opens === '/' || closesItself === '/') {
      const field = [...path, ...(closesItself === '/' ? [name] : [])].slice(1).join('.');
      if (text.trim() !== '' || closesItself === '/') fields.set(numbered(field, fields), text);
      if (opens === '/') path.pop();
      text = '';
    } else {
      path.push(name);
      text = '';
    }
  }
  return fields;
}

function numbered(field: string, fields: PayloadFields): string {
  if (!fields.has(field)) return field;
  let n = 1;
  while (fields.has(`${field}.${n}`)) n += 1;
  return `${field}.${n}`;
}
