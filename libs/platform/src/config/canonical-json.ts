import { createHash } from 'node:crypto';
import { isJsonObject, type JsonValue } from '#core';

/** The same text for the same JSON value, however its members are ordered. */
export function canonicalJson(value: JsonValue): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (!isJsonObject(value)) return JSON.stringify(value);
  const members = Object.keys(value)
    .sort()
    .map((name) => `${JSON.stringify(name)}:${canonicalJson(value[name] as JsonValue)}`);
  return `{${members.join(',')}}`;
}

/** SHA-256 of the canonical text, in hexadecimal: what `config_versions.content_sha256` holds. */
export function contentSha256(content: JsonValue): string {
  return createHash('sha256').update(canonicalJson(content)).digest('hex');
}
