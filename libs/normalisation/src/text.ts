/**
 * Blanks: Unicode's White_Space, and the separators U+001C–U+001F that some senders' systems also strip. The zero-width ones (U+180E,
 * U+200B, U+2060, U+FEFF) count at the ends of a text only: inside a word they stand for nothing, so a blank must not take their place.
 */
const BLANKS = '\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000';
const BLANK_OR_ZERO_WIDTH = new RegExp(`[${BLANKS}\\u180e\\u200b\\u2060\\ufeff]`);
const BLANK_RUN = new RegExp(`[${BLANKS}]+`, 'g');

/** Without blanks at its ends. Walks in from both ends: `\s+$` as a pattern takes quadratic time on a text full of blanks. */
export function trimBlanks(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && BLANK_OR_ZERO_WIDTH.test(text[start] as string)) start += 1;
  while (end > start && BLANK_OR_ZERO_WIDTH.test(text[end - 1] as string)) end -= 1;
  return text.slice(start, end);
}

/** Every run of blanks and line breaks becomes one space. */
export function collapseBlanks(text: string): string {
  return text.replace(BLANK_RUN, ' ');
}

/** What Postgres' jsonb takes: no NUL, and U+FFFD in the place of half a surrogate pair. */
export function storable(text: string): string {
  return text.replaceAll('\u0000', '').toWellFormed();
}
