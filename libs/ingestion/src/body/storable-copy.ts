import { storableText, type JsonObject, type JsonValue } from '#core';

/**
 * The value as jsonb can take it: NUL and lone surrogates become U+FFFD, in names too. Replaced, not dropped: `a\0@b.de` must not
 * turn into a valid address, nor `__pro\0to__` into a dangerous name.
 * @returns the value itself when nothing had to be replaced
 */
export function storableCopy(value: JsonObject): JsonObject;
export function storableCopy(value: JsonValue): JsonValue;
export function storableCopy(value: JsonValue): JsonValue {
  if (typeof value === 'string') return storableText(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    const items = value.map((item) => storableCopy(item));
    return items.some((item, index) => item !== value[index]) ? items : value;
  }
  let changed = false;
  const copy: JsonObject = {};
  for (const [name, member] of Object.entries(value)) {
    const storableName = storableText(name);
    const storable = storableCopy(member);
    changed ||= storableName !== name || storable !== member;
    copy[storableName] = storable;
  }
  return changed ? copy : value;
}
