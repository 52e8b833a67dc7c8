export type JsonValue = string | number | boolean | null | JsonValue[] | JsonObject;
export interface JsonObject {
  [key: string]: JsonValue;
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Reads a dot path such as `address.zip`. Only own members count, so a path can never reach a prototype.
 * A member whose own name contains the rest of the path, dots included, wins (`{"address.zip": …}` as flat forms send it).
 * @returns the value, or undefined where any step is missing.
 */
export function readPath(payload: JsonValue | undefined, path: string): JsonValue | undefined {
  if (!isJsonObject(payload)) return undefined;
  if (Object.hasOwn(payload, path)) return payload[path];
  const dot = path.indexOf('.');
  if (dot < 0) return undefined;
  const head = path.slice(0, dot);
  return Object.hasOwn(payload, head) ? readPath(payload[head], path.slice(dot + 1)) : undefined;
}

/** The first of several paths that is present (null counts as missing). */
export function readFirst(payload: JsonValue, paths: readonly string[]): { path: string; value: JsonValue } | undefined {
  for (const path of paths) {
    const value = readPath(payload, path);
    if (value !== undefined && value !== null) return { path, value };
  }
  return undefined;
}

/** Sets a dot path on a plain object, making the objects on the way. Paths come from checked configuration, never from a lead. */
export function writePath(target: JsonObject, path: string, value: JsonValue): void {
  const steps = path.split('.');
  const last = steps.pop() as string;
  let at = target;
  for (const step of steps) {
    const next = Object.hasOwn(at, step) ? at[step] : undefined;
    if (isJsonObject(next)) at = next;
    else {
      const made: JsonObject = {};
      at[step] = made;
      at = made;
    }
  }
  at[last] = value;
}

/** Changes the value that `readPath` would read, in place; nothing happens where it would read nothing. */
export function changeAtPath(
  root: JsonObject,
  path: string,
  change: (value: JsonValue, holder: JsonObject, key: string) => JsonValue,
): void {
  if (Object.hasOwn(root, path)) {
    root[path] = change(root[path] as JsonValue, root, path);
    return;
  }
  const dot = path.indexOf('.');
  if (dot < 0) return;
  const head = path.slice(0, dot);
  const next = Object.hasOwn(root, head) ? root[head] : undefined;
  if (isJsonObject(next)) changeAtPath(next, path.slice(dot + 1), change);
}

/**
 * A copy in which `readPath` finds nothing at the path, neither as a member of that whole name nor step by step.
 * @param suffix what is named as the last member with this at its end goes with it
 */
export function withoutPath(root: JsonObject, path: string, suffix = ''): JsonObject {
  const dot = path.indexOf('.');
  const head = dot < 0 ? undefined : path.slice(0, dot);
  const members = Object.entries(root).flatMap(([name, value]): [string, JsonValue][] => {
    if (name === path || name === `${path}${suffix}`) return [];
    return [[name, name === head && isJsonObject(value) ? withoutPath(value, path.slice(dot + 1), suffix) : value]];
  });
  return Object.fromEntries(members);
}

/** A finite number in plain digits, never with an exponent: 66123 (also written 66123.0), 0.0000001, 1000000000000000000000. */
export function digitsOf(value: number): string {
  const text = String(value);
  const parts = /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(text);
  if (parts === null) return text;
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = parts;
  const shift = Number(exponent);
  return shift < 0
    ? `${sign}0.${'0'.repeat(-shift - 1)}${whole}${fraction}`
    : `${sign}${whole}${fraction}${'0'.repeat(shift - fraction.length)}`;
}

/** Text that Postgres takes: NUL and lone surrogates become U+FFFD. */
export function storableText(text: string): string {
  const wellFormed = text.isWellFormed() ? text : text.toWellFormed();
  return wellFormed.includes('\0') ? wellFormed.replaceAll('\0', '\ufffd') : wellFormed;
}
