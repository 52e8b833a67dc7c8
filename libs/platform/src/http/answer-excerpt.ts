import type { IncomingHttpHeaders } from 'node:http';

/** What of an answer is kept for support staff. */
const MAX_EXCERPT_BYTES = 4096;
/** Read beyond the excerpt, so that a value cut in two at its end is still recognised. */
const LOOK_AHEAD_BYTES = 512;

/**
 * Tried in this order at every position. Ids and dates are matched first so that they stay readable: their digits look like a phone.
 * Every repetition is bounded or over a class that cannot overlap its neighbour: linear on any answer.
 */
const PATTERN = new RegExp(
  [
    '(?<keep>\\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\\b', // a UUID
    '|\\b(?:19|20)\\d{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\\d|3[01])(?:[T ]\\d{2}:\\d{2}(?::\\d{2}(?:\\.\\d{1,9})?)?)?(?!\\d))', // a date
    '|(?<scheme>\\b(?:bearer|basic) {1,4})[\\w.~+/=-]{4,}',
    '|(?<member>"[^"\\\\]{0,64}(?:token|secret|password|api_?key)"\\s{0,4}:\\s{0,4}")[^"\\\\]{1,}',
    '|\\beyJ[\\w-]{4,}\\.[\\w-]{4,}\\.[\\w-]{0,}', // a JWT
    '|[^\\s@"\'<>()\\[\\]{},;:\\\\=&]{1,64}(?:@|%40|\\\\u0040|&#64;)[^\\s@"\'<>()\\[\\]{},;:\\\\&]{1,255}', // an e-mail address
    '|(?:(?<![\\p{L}\\p{N}])|(?<=%[0-9a-f]{2}))\\+?\\(?\\d(?:[ \\u00a0()./-]{0,3}\\d){6,}', // seven digits or more: a phone, in a form as well
  ].join(''),
  'giu',
);

/**
 * The beginning of an answer, at most 4 KiB, without e-mail addresses, phone-like numbers and tokens. Text that Postgres takes: no NUL,
 * well-formed. It may still name a person; it is kept as briefly as everything that may.
 */
export function answerExcerpt(body: Buffer, headers: IncomingHttpHeaders): string | null {
  if (body.length === 0) return null;
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') return `[${body.length} bytes with content-encoding]`;
  const text = body
    .subarray(0, MAX_EXCERPT_BYTES + LOOK_AHEAD_BYTES)
    .toString('utf8')
    .replaceAll('\0', '\uFFFD');
  return cutTo(redact(text), MAX_EXCERPT_BYTES);
}

/** Replaces e-mail addresses, phone-like runs of seven digits or more, and tokens by `[redacted]`. */
export function redact(text: string): string {
  return text.replace(PATTERN, (match, ...rest) => {
    const { keep, scheme, member } = rest.at(-1) as Record<'keep' | 'scheme' | 'member', string | undefined>;
    return keep !== undefined ? match : `${scheme ?? member ?? ''}[redacted]`;
  });
}

function cutTo(text: string, maxBytes: number): string {
  const bytes = Buffer.from(text, 'utf8');
  if (bytes.length <= maxBytes) return text;
  return bytes
    .subarray(0, maxBytes)
    .toString('utf8')
    .replace(/\uFFFD{1,3}$/, '');
}
