import type { IncomingHttpHeaders } from 'node:http';

/**
 * Stored with a request. Whatever may carry a secret (Authorization, cookies, keys) is not here; the idempotency key is kept as a hash
 * in a column of its own.
 */
const KEPT = [
  'content-type',
  'content-encoding',
  'content-length',
  'user-agent',
  'origin',
  'referer',
  'x-request-id',
  'x-correlation-id',
  'traceparent',
  'tracestate',
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-forwarded-host',
] as const;

/** @param secretHeaders those that carry a secret or signature of the route's sources, in lower case: never kept, whatever they are called */
export function keptHeaders(headers: IncomingHttpHeaders, secretHeaders: readonly (string | null)[]): string {
  const kept: Record<string, string> = {};
  for (const name of KEPT) {
    const value = headers[name];
    if (typeof value === 'string' && !secretHeaders.includes(name)) kept[name] = value;
  }
  return JSON.stringify(kept);
}
