import { isJsonObject, type JsonObject, type JsonValue, REASON_CODES } from '#core';
import { refuse, type Refusal } from './refusal.js';
import { MAX_DEPTH, scanJson, withExactNumbers } from './scan-json.js';
import { storableCopy } from './storable-copy.js';

/** A body that was understood. */
export interface ReadBody {
  readonly payload: JsonObject;
  /** The body's own text says the same as `payload`: Postgres can make the jsonb from the stored bytes. */
  readonly verbatim: boolean;
  /** JSON and forms never count as equal bodies, even with the same fields. */
  readonly format: 'json' | 'form';
  /** Reason codes the lead carries. */
  readonly flags: readonly string[];
}

export type OnDuplicateKeys = 'flag' | 'refuse';

/**
 * JSON text, strictly: no comments, no NaN, nothing after the value. Integers beyond 2^53 and numbers a double cannot hold become
 * text with their digits; of repeated names the last wins. NUL and lone surrogates are replaced by U+FFFD, because jsonb takes neither.
 */
export function readJson(text: string, onDuplicateKeys: OnDuplicateKeys): ReadBody | Refusal {
  if (text.trim() === '') return refuse('empty_body', 'The request has no body. Send the lead as a JSON object.');
  const bom = text.charCodeAt(0) === 0xfeff;
  const json = bom ? text.slice(1) : text;
  const scan = scanJson(json);
  if (scan.tooDeep) return refuse('too_deep', `The JSON is nested more than ${MAX_DEPTH} levels deep.`);

  let value: JsonValue;
  try {
    value = JSON.parse(json) as JsonValue;
    const exact = scan.longNumbers ? withExactNumbers(json) : json;
    if (exact !== json) value = JSON.parse(exact) as JsonValue;
  } catch (error) {
    return refuse('malformed_json', `The body is not valid JSON${placeOf(error)}.`);
  }
  if (!isJsonObject(value)) return notAnObject(value);

  const found = countMembers(value);
  if (found < 0) return prototypeKey();
  const duplicates = found !== scan.members;
  if (duplicates && onDuplicateKeys === 'refuse') {
    return refuse('duplicate_keys', 'A name stands twice in one JSON object; send every name once.');
  }
  const flags: string[] = duplicates ? [REASON_CODES.duplicateKeys] : [];
  const payload = scan.unstorableEscapes ? storableCopy(value) : value;
  if (payload !== value) flags.push(REASON_CODES.charactersReplaced);
  return { payload, verbatim: !bom && !scan.longNumbers && payload === value, format: 'json', flags };
}

export function prototypeKey(): Refusal {
  return refuse(
    'prototype_key',
    'The names __proto__ and constructor.prototype are refused: they could reach the inside of programs that read the lead.',
  );
}

/** What the old webhook called empty: nothing that could be a lead, as opposed to something of the wrong kind. */
function notAnObject(value: JsonValue): Refusal {
  const empty = value === null || value === 0 || value === '' || value === false || (Array.isArray(value) && value.length === 0);
  if (empty) return refuse('empty_body', 'The body is valid JSON but says nothing. Send the lead as a JSON object.');
  return refuse('not_an_object', 'The body is valid JSON but not an object. Send the lead as a JSON object.');
}

/**
 * The members of a value and of everything in it, or -1 where a name could reach a prototype. Recursion is safe: the depth was
 * checked before.
 */
export function countMembers(value: JsonValue): number {
  if (typeof value !== 'object' || value === null) return 0;
  let members = 0;
  if (Array.isArray(value)) {
    for (const item of value) {
      if (typeof item !== 'object' || item === null) continue;
      const inside = countMembers(item);
      if (inside < 0) return -1;
      members += inside;
    }
    return members;
  }
  for (const name of Object.keys(value)) {
    if (name === '__proto__' || name === 'constructor.prototype') return -1;
    members += 1;
    const member = value[name] as JsonValue;
    if (typeof member !== 'object' || member === null) continue;
    if (name === 'constructor' && Object.hasOwn(member, 'prototype')) return -1;
    const inside = countMembers(member);
    if (inside < 0) return -1;
    members += inside;
  }
  return members;
}

/** V8's message repeats the input, so only its position is taken over. */
function placeOf(error: unknown): string {
  const position = error instanceof Error ? /at position (\d+)/.exec(error.message)?.[1] : undefined;
  return position === undefined ? '' : `: character ${Number(position) + 1} cannot stand there`;
}
