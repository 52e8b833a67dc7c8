import type { JsonObject, JsonValue } from '#core';
import { memberOf, textOf } from '../json-body.js';

/**
 * What an answer says. `type` names the member it is in: text, email, phone_number, number, boolean, date, url, file_url, payment, … and
 * whatever Typeform adds; a choice is the label people saw, or what they wrote in its place.
 * @returns undefined: nothing
 */
export function answerValue(answer: JsonObject): JsonValue | undefined {
  const type = textOf(memberOf(answer, 'type'));
  const value = type === null ? undefined : memberOf(answer, type);
  if (value === undefined || value === null) return undefined;
  if (type === 'choice') return chosen(value);
  return type === 'choices' ? allChosen(value) : value;
}

function chosen(choice: JsonValue): JsonValue {
  for (const member of ['label', 'other', 'ref', 'id']) {
    const text = textOf(memberOf(choice, member));
    if (text !== null) return text;
  }
  return choice;
}

function allChosen(choices: JsonValue): JsonValue {
  const labels = memberOf(choices, 'labels') ?? memberOf(choices, 'refs') ?? memberOf(choices, 'ids');
  const other = textOf(memberOf(choices, 'other'));
  if (!Array.isArray(labels)) return other === null ? choices : [other];
  return other === null ? labels : [...labels, other];
}
