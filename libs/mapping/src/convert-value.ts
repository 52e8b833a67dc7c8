import { assertNever, digitsOf, type JsonValue, type MappedField } from '#core';

/** A value in the form a mapped field asks for, or why it cannot take that form. */
export type Converted = { readonly value: JsonValue } | { readonly refused: string };

export function convertValue(value: JsonValue, as: MappedField['as']): Converted {
  switch (as) {
    case undefined:
      return { value };
    case 'text':
      return toText(value);
    case 'true_false':
      return toTrueFalse(value);
    case 'country':
      return toCountry(value);
    default:
      return assertNever(as);
  }
}

function toText(value: JsonValue): Converted {
  if (typeof value === 'string') return { value };
  if (typeof value === 'number') return { value: digitsOf(value) };
  return typeof value === 'boolean' ? { value: String(value) } : { refused: 'is not a single value' };
}

function toTrueFalse(value: JsonValue): Converted {
  // String() of a list or an object would call a toString that the sender may have put there.
  const word = typeof value === 'string' || typeof value === 'boolean' ? String(value).toLowerCase() : undefined;
  return word === 'true' || word === 'false' ? { value: word } : { refused: 'is neither true nor false' };
}

function toCountry(value: JsonValue): Converted {
  return typeof value === 'string' && /^[A-Za-z]{2}$/.test(value)
    ? { value: value.toLowerCase() }
    : { refused: 'is not a country code of two letters' };
}
