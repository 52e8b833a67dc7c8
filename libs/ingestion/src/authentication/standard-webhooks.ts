import { createHmac, timingSafeEqual } from 'node:crypto';
import { refuse } from '../body/refusal.js';
import { headerOf } from '../door/request-head.js';
import type { JudgeScheme } from './scheme.js';
import { secretsOf } from './same-secret.js';

/** How far the sender's clock may be from ours, either way: the tolerance of the specification's own libraries. */
const TOLERANCE_SECONDS = 300;

/**
 * A dot in the id would move the border between what is signed: `a` + `.1.` and `a.1` + `.` are one text. The rest is what an
 * Idempotency-Key may be.
 */
const WEBHOOK_ID = /^[\x21-\x2d\x2f-\x7e]{1,255}$/;
const TIMESTAMP = /^[0-9]{1,12}$/;
const V1_SIGNATURE = /^v1,([A-Za-z0-9+/]{43}=)$/;

/**
 * Standard Webhooks (github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md): HMAC-SHA256 over
 * `<webhook-id>.<webhook-timestamp>.<body>`; `webhook-signature` lists one or more `v1,<base64>`, and one that fits is enough, so that a
 * sender can change its secret. Signatures of other versions (`v1a`: asymmetric) are passed over.
 */
export const judgeStandardWebhooks: JudgeScheme = ({ authentication }, { head, bytes, now }) => {
  const [id, timestamp, signatures] = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) => headerOf(head.headers, name));
  if (!id || !timestamp || !signatures) {
    return refuse('missing_authentication', 'This source expects the headers webhook-id, webhook-timestamp and webhook-signature.');
  }
  if (!WEBHOOK_ID.test(id)) {
    return refuse('invalid_webhook_id', 'webhook-id must be 1 to 255 visible ASCII characters without a dot.');
  }
  if (!TIMESTAMP.test(timestamp) || Math.abs(Math.floor(now) - Number(timestamp)) > TOLERANCE_SECONDS) {
    return refuse(
      'invalid_authentication',
      `webhook-timestamp must be the moment of sending in seconds since 1970, at most ${TOLERANCE_SECONDS} s from the gateway's clock.`,
    );
  }
  const given = signatures.split(' ').flatMap((one) => V1_SIGNATURE.exec(one)?.[1] ?? []);
  let signed = false;
  for (const secret of secretsOf(authentication)) {
    const expected = createHmac('sha256', signingKeyOf(secret)).update(`${id}.${timestamp}.`).update(bytes).digest();
    for (const signature of given) signed = timingSafeEqual(Buffer.from(signature, 'base64'), expected) || signed;
  }
  if (signed) return null;
  return refuse(
    'invalid_authentication',
    'No v1 signature in webhook-signature was made over this webhook-id, webhook-timestamp and body with the secret configured for this source.',
  );
};

/** `whsec_` and base64, as the specification writes secrets; any other text is the key itself. */
export function signingKeyOf(secret: string): Buffer {
  return secret.startsWith('whsec_') ? Buffer.from(secret.slice('whsec_'.length), 'base64') : Buffer.from(secret);
}
