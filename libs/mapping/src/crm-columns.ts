import { digitsOf, readPath, type JsonObject, type JsonValue } from '#core';

/**
 * The columns of the CRM screen. As the intake before this one did it: an empty value ("", 0, false, null) is no value.
 * @param columns column → dot path in the normalised lead
 */
export function crmColumns(columns: Readonly<Record<string, string>>, normalised: JsonObject): Record<string, string | null> {
  return Object.fromEntries(Object.entries(columns).map(([column, path]) => [column, columnText(readPath(normalised, path))]));
}

/** Columns are text: a number keeps its digits, a list or an object its JSON. */
function columnText(value: JsonValue | undefined): string | null {
  if (!value) return null;
  if (typeof value === 'string') return value;
  return typeof value === 'number' ? digitsOf(value) : JSON.stringify(value);
}
