import { createHash } from 'node:crypto';
import type { SourceIdempotency } from '#core';

const BARE = /^[\x21-\x7e]{1,255}$/;

/**
 * The SHA-256 of an Idempotency-Key, sent bare or as a quoted string (`"abc"` and `abc` are one key): 1 to 255 visible ASCII characters.
 * The key itself is not kept, not even in memory.
 * @returns null without a header, 'unusable' for a header that is no key
 */
export function readIdempotencyKey(header: string | null): Buffer | 'unusable' | null {
  if (header === null) return null;
  const key =
    header.length >= 2 && header.startsWith('"') && header.endsWith('"') ? header.slice(1, -1).replace(/\\(["\\])/g, '$1') : header;
  return BARE.test(key) ? createHash('sha256').update(key).digest() : 'unusable';
}

/** The header in which a source's senders write the key of a request. Where the key is in the body, the usual header is still taken. */
export function keyHeaderOf({ key }: SourceIdempotency): string {
  return key === 'webhook_id' ? 'webhook-id' : 'idempotency-key';
}
