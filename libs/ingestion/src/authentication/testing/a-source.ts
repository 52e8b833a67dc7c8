import type { SourceConfig, SourceId } from '#core';
import type { ShownRequest } from '../scheme.js';

/** A source in which nothing is wrong. */
export function aSource(changes: Partial<SourceConfig> = {}): SourceConfig {
  return {
    name: 's',
    kind: 'json',
    path: '/in/s',
    answers: 'webhook',
    authentication: { kind: 'none' },
    idempotency: { ttl_hours: 24, invalid_key: 'ignore' },
    ...changes,
  };
}

export const SOURCE_ID = '0199aa00-0000-7000-8000-000000000001' as SourceId;

/** A request from elsewhere that shows nothing. */
export function aShownRequest({ headers = {}, peerAddress = '203.0.113.7', body = '{"a":1}', ...rest }: Partial<Shown> = {}): ShownRequest {
  return { head: { headers, peerAddress }, bytes: Buffer.from(body), now: 1_800_000_000, principal: null, sourceId: SOURCE_ID, ...rest };
}

interface Shown extends Pick<ShownRequest, 'now' | 'principal'> {
  readonly headers: ShownRequest['head']['headers'];
  readonly peerAddress: string;
  readonly body: string | Buffer;
}
