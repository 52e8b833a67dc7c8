import { digitsOf, type JsonObject, type JsonValue } from '#core';

/**
 * application/x-www-form-urlencoded in UTF-8. An object's members and a list's items stand in brackets, as our own intake reads them:
 * `lead[phone]=…&tags[0]=…`. null is the empty value; an empty object or list has no pair at all.
 */
export function writeForm(body: JsonObject): string {
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(body)) append(form, name, value);
  return form.toString();
}

function append(form: URLSearchParams, name: string, value: JsonValue): void {
  if (value !== null && typeof value === 'object') {
    for (const [member, inner] of Object.entries(value)) append(form, `${name}[${member}]`, inner as JsonValue);
    return;
  }
  if (value === null) form.append(name, '');
  else form.append(name, typeof value === 'number' ? digitsOf(value) : String(value));
}
