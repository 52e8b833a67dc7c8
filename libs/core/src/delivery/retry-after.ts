const DELTA_SECONDS = /^\d{1,20}(?:\.\d{1,6})?$/;
const DAY = '(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)';
const MONTH = '(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)';
const TIME = '\\d{2}:\\d{2}:\\d{2}';
/** The three forms of RFC 9110 5.6.7. `Date.parse` alone would take "-5" and "1" for years. */
const IMF_FIXDATE = new RegExp(`^${DAY}, \\d{2} ${MONTH} \\d{4} ${TIME} (?:GMT|UTC|[+-]0000)$`);
const RFC850 = new RegExp(`^[A-Z][a-z]{5,8}, \\d{2}-${MONTH}-\\d{2} ${TIME} GMT$`);
const ASCTIME = new RegExp(`^${DAY} ${MONTH} [ \\d]\\d ${TIME} \\d{4}$`);
/** Of a Postgres integer; far beyond every cap. */
const MAX_SECONDS = 2_147_483_647;

export interface RetryAfterHeaders {
  /** `Retry-After` as it came, or undefined. */
  readonly retryAfter: string | undefined;
  /** The answer's own `Date`: the destination's clock, so that neither our clock nor theirs has to be right. */
  readonly date: string | undefined;
}

/**
 * Seconds to wait according to a `Retry-After` header (RFC 9110 10.2.3): a number of seconds, or a date.
 * @param nowMillis used where the answer has no usable `Date`
 * @returns seconds >= 0 (0 for a date in the past); null when the header is missing or is neither form ("soon", "-5", "1e9")
 */
export function parseRetryAfter({ retryAfter, date }: RetryAfterHeaders, nowMillis: number): number | null {
  const value = retryAfter?.trim();
  if (value === undefined) return null;
  if (DELTA_SECONDS.test(value)) return Math.min(Number(value), MAX_SECONDS);
  const until = parseHttpDate(value);
  if (until === null) return null;
  const from = parseHttpDate(date?.trim() ?? '') ?? nowMillis;
  return Math.min(Math.max(0, Math.ceil((until - from) / 1000)), MAX_SECONDS);
}

function parseHttpDate(value: string): number | null {
  if (IMF_FIXDATE.test(value) || RFC850.test(value)) return finite(Date.parse(value));
  return ASCTIME.test(value) ? finite(Date.parse(`${value} GMT`)) : null;
}

function finite(millis: number): number | null {
  return Number.isFinite(millis) ? millis : null;
}
