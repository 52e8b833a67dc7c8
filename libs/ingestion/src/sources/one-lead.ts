import type { ReadBody } from '../body/read-json.js';
import { isRefusal, type Refusal } from '../body/refusal.js';
import type { ReadRequest } from './source-kind.js';

/** A body that is one lead as it stands. Stays synchronous where the body was: most leads come this way. */
export function oneLead(body: ReadBody | Refusal | Promise<ReadBody | Refusal>): ReadRequest | Refusal | Promise<ReadRequest | Refusal> {
  return body instanceof Promise ? body.then(asRequest) : asRequest(body);
}

function asRequest(body: ReadBody | Refusal): ReadRequest | Refusal {
  if (isRefusal(body)) return body;
  const { payload, verbatim, flags } = body;
  return { items: [{ payload, verbatim, flags, nativeId: null }], fingerprint: body };
}
