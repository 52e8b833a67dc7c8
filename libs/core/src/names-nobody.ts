const DATES = /(?<!\d)(?:(?:19|20)\d{2}-[01]\d-[0-3]\d|[0-3]?\d\.[01]?\d\.(?:19|20)\d{2})(?!\d)/g;
const PHONE = /(?:\d[ ./()-]*){7}/;

/**
 * May a person's words stand in a trail that outlives the lead? Not with an e-mail address or a phone number in them, which is seven digits with
 * blanks, dots, slashes, dashes or brackets between them. A date (2026-11-22, 22.11.2026) is none.
 */
export function namesNobody(text: string): boolean {
  return !text.includes('@') && !PHONE.test(text.replace(DATES, ' '));
}
