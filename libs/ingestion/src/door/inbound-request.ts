import type { ConfiguredSource, InboundRequestId } from '#core';
import { newId } from '#platform';
import type { InboundRequest } from '../accept/submission.js';
import { secretHeaderOf } from './access.js';
import { keptHeaders } from './kept-headers.js';
import { headerOf, type ReceivedBody, type RequestHead } from './request-head.js';

type StoredBody = Extract<ReceivedBody, { kind: 'whole' | 'too_large' }>;

/** The row a request becomes, whatever is decided about it. */
export function inboundRequestOf(
  { source, sourceId, resolved }: ConfiguredSource,
  head: RequestHead,
  correlationId: string,
  keySha256: Buffer | null,
  body: StoredBody,
): InboundRequest {
  const whole = body.kind === 'whole';
  return {
    id: newId() as InboundRequestId,
    tenantId: resolved.tenantId,
    sourceId,
    route: source.path,
    contentType: headerOf(head.headers, 'content-type'),
    headers: keptHeaders(head.headers, secretHeaderOf(source)),
    query: head.query,
    remoteAddress: head.remoteAddress,
    requestId: head.requestId,
    correlationId,
    body: whole ? body.bytes : body.first,
    bodyBytes: whole ? body.bytes.length : body.size,
    bodyTruncated: !whole,
    keySha256,
  };
}
