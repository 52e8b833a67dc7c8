import type { IncomingMessage, ServerResponse } from 'node:http';
import { newId } from '../ids/new-id.js';

export const REQUEST_ID_HEADER = 'x-request-id';

const given = new WeakMap<IncomingMessage, string>();

/**
 * The id of a request: the caller's `X-Request-Id` when it is 1 to 128 of `[A-Za-z0-9_.-]`, else one of ours. Whoever asks, middleware,
 * route or filter, gets the same one.
 */
export function requestIdOf(request: IncomingMessage): string {
  const known = given.get(request);
  if (known !== undefined) return known;
  const header = request.headers[REQUEST_ID_HEADER];
  const id = typeof header === 'string' && /^[A-Za-z0-9_.-]{1,128}$/.test(header) ? header : newId();
  given.set(request, id);
  return id;
}

/** Express middleware: echoes the id on every answer. */
export function echoRequestId(request: IncomingMessage, response: ServerResponse, next: () => void): void {
  response.setHeader(REQUEST_ID_HEADER, requestIdOf(request));
  next();
}
