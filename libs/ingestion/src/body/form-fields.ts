import { isJsonObject, type JsonObject, type JsonValue } from '#core';
import { refuse, type Refusal } from './refusal.js';
import { MAX_DEPTH } from './scan-json.js';

/**
 * Collects the fields of a form into an object: `address[zip]` becomes a member of `address`, `tags[]` an item of the list `tags`.
 * A name whose brackets do not pair up stays as it is. Of repeated names the last wins, and `duplicates` says that it happened.
 */
export class FormFields {
  readonly payload: JsonObject = {};
  duplicates = false;

  add(name: string, value: string): Refusal | undefined {
    const steps = stepsOf(name);
    if (steps.length > MAX_DEPTH) return refuse('too_deep', `A field name goes more than ${MAX_DEPTH} levels deep.`);
    if (steps.includes('__proto__')) return refuse('prototype_key', 'A field name goes through __proto__, which is refused.');
    const last = steps.pop() as string;
    let at: JsonObject | JsonValue[] = this.payload;
    for (const [index, step] of steps.entries()) {
      at = this.childOf(at, step, (steps[index + 1] ?? last) === '');
    }
    if (Array.isArray(at)) at.push(value);
    else {
      if (Object.hasOwn(at, last)) this.duplicates = true;
      at[last] = value;
    }
    return undefined;
  }

  /** The object or list below `step`; a plain value or one of the other kind that stands there already gives way: the last wins. */
  private childOf(parent: JsonObject | JsonValue[], step: string, list: boolean): JsonObject | JsonValue[] {
    if (Array.isArray(parent)) {
      const item: JsonObject | JsonValue[] = list ? [] : {};
      parent.push(item);
      return item;
    }
    const present = Object.hasOwn(parent, step) ? parent[step] : undefined;
    if (list ? Array.isArray(present) : isJsonObject(present)) return present as JsonObject | JsonValue[];
    if (present !== undefined) this.duplicates = true;
    const child: JsonObject | JsonValue[] = list ? [] : {};
    parent[step] = child;
    return child;
  }
}

/** `a[b][]` → a, b, ''. */
function stepsOf(name: string): string[] {
  const open = name.indexOf('[');
  if (open <= 0 || !name.endsWith(']')) return [name];
  const inside = name.slice(open + 1, -1).split('][');
  if (inside.some((step) => step.includes('[') || step.includes(']'))) return [name];
  return [name.slice(0, open), ...inside];
}
