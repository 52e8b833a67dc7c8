import { createHash } from 'node:crypto';
import { type JsonObject, type LeadId, readPath, storableText, type SourceConfig } from '#core';
import { newId } from '#platform';
import { bodyFingerprint } from '../body/body-fingerprint.js';
import { refuse, type Refusal } from '../body/refusal.js';
import type { RequestWithLeads } from '../sources/read-request.js';
import type { KeyClaim, LeadItem } from './submission.js';

/** An index entry of Postgres holds 2,704 bytes; no sender we know has ids half as long as this. */
const NATIVE_ID_LENGTH = 255;

type Items = readonly [LeadItem, ...LeadItem[]];

/**
 * The leads of a request with what makes each of them unique in its source: what the door does with a new request and a release with a
 * stored one. A native id holds for ever and goes before any other key. A key of the whole request (header, webhook-id or member of the
 * body) counts only where the request is one lead.
 *
 * @param sentKeySha256 SHA-256 of the key that came in a header, as `inbound_requests.key_sha256` keeps it
 */
export function leadItemsOf(source: SourceConfig, sentKeySha256: Buffer | null, read: RequestWithLeads): Items | Refusal {
  const fingerprint = once(() => bodyFingerprint(read.fingerprint, source.idempotency.numbers_as_text === true));
  const requestKey = read.items.length > 1 ? null : requestKeyOf(source, sentKeySha256, read.fingerprint.payload);
  if (requestKey === 'unusable') {
    return refuse('invalid_idempotency_key', `The member "${source.idempotency.field}" must be a text that is not empty, or a number.`);
  }
  const [first, ...others] = read.items.map(({ payload, verbatim, flags, nativeId: sentId }, itemNo): LeadItem => {
    const nativeId = sentId === null || sentId === '' ? null : storableId(sentId);
    const leadId = newId() as LeadId;
    const item = { leadId, itemNo, nativeId, payload, verbatim, flags, key: null, senderKeySha256: null };
    if (nativeId !== null) return { ...item, key: nativeIdClaim(nativeId, fingerprint()) };
    return requestKey === null ? item : { ...item, ...requestClaim(source.idempotency.ttl_hours, requestKey, fingerprint()) };
  });
  return [first as LeadItem, ...others];
}

/** The key of a request that is one lead. */
interface RequestKey {
  readonly sha256: Buffer;
  /** Other content under it is a further lead, linked to the first; else it is refused. */
  readonly otherIsFurther: boolean;
}

/**
 * Where the body does not carry its key, the header's counts, as it does everywhere: other content under it is refused.
 * @returns null without a key, 'unusable' where the source insists on a good one
 */
function requestKeyOf({ idempotency }: SourceConfig, sentKeySha256: Buffer | null, payload: JsonObject): RequestKey | 'unusable' | null {
  const { key, field, invalid_key, other_body } = idempotency;
  const otherIsFurther = other_body === 'new_submission';
  if (key !== 'body_field' || field === undefined) return sentKeySha256 && { sha256: sentKeySha256, otherIsFurther };
  const value = readPath(payload, field) ?? null;
  if ((typeof value === 'string' && value !== '') || typeof value === 'number') return { sha256: sha256(String(value)), otherIsFurther };
  if (value !== null && invalid_key === 'refuse') return 'unusable';
  return sentKeySha256 && { sha256: sentKeySha256, otherIsFurther: false };
}

/** No key in a header contains a NUL, nor does any text of a payload: a native id can never be taken for one of them. */
function nativeIdClaim(nativeId: string, fingerprint: Buffer): KeyClaim {
  return { sha256: sha256(`native\0${nativeId}`), bodyFingerprint: fingerprint, ttlHours: null, otherBody: 'replay' };
}

/** Where other content under the key is a further lead, key and content together are what is claimed. */
function requestClaim(ttlHours: number, sent: RequestKey, fingerprint: Buffer): Pick<LeadItem, 'key' | 'senderKeySha256'> {
  const claimed = sent.otherIsFurther ? createHash('sha256').update(sent.sha256).update(fingerprint).digest() : sent.sha256;
  return {
    key: { sha256: claimed, bodyFingerprint: fingerprint, ttlHours, otherBody: 'refuse' },
    senderKeySha256: sent.otherIsFurther ? sent.sha256 : null,
  };
}

function storableId(id: string): string {
  return id.length <= NATIVE_ID_LENGTH ? storableText(id) : `sha256:${sha256(id).toString('hex')}`;
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function once<Value>(make: () => Value): () => Value {
  let made: Value | undefined;
  return () => (made ??= make());
}
