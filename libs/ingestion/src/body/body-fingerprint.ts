import { createHash } from 'node:crypto';
import type { JsonValue } from '#core';
import type { ReadBody } from './read-json.js';

export type FingerprintBasis = Pick<ReadBody, 'payload' | 'format'>;

/**
 * What two requests under one idempotency key must share to be the same request: the same JSON after sorting its keys (CONTRACTS,
 * general rules), so blanks, escapes and the order of members do not count. A form is compared by its fields, because the boundary of
 * a multipart body changes with every sending.
 *
 * @param numbersAsText 371123 and "371123" are the same: for sources that keep every value as text
 * @returns SHA-256, 32 bytes; a form never equals a JSON body
 */
export function bodyFingerprint(body: FingerprintBasis, numbersAsText: boolean): Buffer {
  return createHash('sha256').update(`leadgate.body.v1.${body.format}\n`).update(canonicalJson(body.payload, numbersAsText)).digest();
}

/** Recursion is safe: no body deeper than MAX_DEPTH gets here. */
export function canonicalJson(value: JsonValue, numbersAsText: boolean): string {
  if (typeof value === 'number') return numbersAsText ? `"${value}"` : JSON.stringify(value);
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item, numbersAsText)).join(',')}]`;
  const members = Object.keys(value)
    .sort()
    .map((name) => `${JSON.stringify(name)}:${canonicalJson(value[name] as JsonValue, numbersAsText)}`);
  return `{${members.join(',')}}`;
}
