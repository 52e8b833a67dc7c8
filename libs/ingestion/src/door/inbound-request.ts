import type { ConfiguredSource, InboundRequestId } from '#core';
import { newId } from '#platform';
import type { InboundRequest } from '../accept/submission.js';
import { secretHeaderOf } from '../authentication/judge-access.js';
import { withoutSecrets } from '../authentication/without-secrets.js';
import { keptHeaders } from './kept-headers.js';
import { headerOf, type RequestHead, type StoredBody } from './request-head.js';
import type { LeadRoute } from './route-sources.js';

/** What a request brings besides its body. */
export interface RequestMarks {
  readonly correlationId: string;
  readonly keySha256: Buffer | null;
}

/**
 * The row a request becomes, whatever is decided about it. Secrets leave here: no stored byte and no payload has them.
 * @param configured null: nobody knows which of the route's sources is meant
 */
export function inboundRequestOf(
  route: LeadRoute,
  configured: ConfiguredSource | null,
  head: RequestHead,
  { correlationId, keySha256 }: RequestMarks,
  body: StoredBody,
): InboundRequest {
  const { source } = configured ?? route.sources[0];
  const whole = body.kind === 'whole';
  const contentType = headerOf(head.headers, 'content-type');
  return {
    id: newId() as InboundRequestId,
    tenantId: configured?.resolved.tenantId ?? null,
    sourceId: configured?.sourceId ?? null,
    route: route.path,
    contentType,
    headers: keptHeaders(
      head.headers,
      route.sources.map((one) => secretHeaderOf(one.source)),
    ),
    query: head.query,
    remoteAddress: head.remoteAddress,
    requestId: head.requestId,
    correlationId,
    body: whole
      ? withoutSecrets(source, body.bytes, contentType, headerOf(head.headers, 'content-encoding'))
      : beginningOf(source, body.first),
    bodyBytes: whole ? body.bytes.length : body.size,
    bodyTruncated: !whole,
    keySha256,
  };
}

/** Of a body over the cap nobody can say where in it the secret stands. */
function beginningOf({ authentication }: ConfiguredSource['source'], first: Buffer): Buffer {
  return authentication.kind === 'body_secret' ? Buffer.alloc(0) : first;
}
