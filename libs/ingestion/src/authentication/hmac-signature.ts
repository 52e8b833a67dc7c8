import { createHmac, timingSafeEqual } from 'node:crypto';
import { refuse } from '../body/refusal.js';
import { headerOf } from '../door/request-head.js';
import type { JudgeScheme } from './scheme.js';
import { secretsOf } from './same-secret.js';

export const HMAC_SIGNATURE_HEADER = 'X-Hub-Signature-256';

const HEX_DIGEST = /^[0-9a-f]{64}$/i;
const BASE64_DIGEST = /^[A-Za-z0-9+/]{43}=$/;

/** `sha256=<digest>` in a header: HMAC-SHA256 of the body as it arrived, before anything reads it. */
export const judgeHmacSignature: JudgeScheme = ({ authentication }, { head, bytes }) => {
  const name = authentication.header ?? HMAC_SIGNATURE_HEADER;
  const given = headerOf(head.headers, name.toLowerCase());
  if (given === null || given === '') return refuse('missing_authentication', `This source expects its signature in the header ${name}.`);
  const signature = digestOf(given, authentication.encoding ?? 'hex');
  if (signature !== null && isSignedByOneOf(signature, bytes, secretsOf(authentication))) return null;
  return refuse(
    'invalid_authentication',
    `The signature in ${name} was not made over this body with the secret configured for this source: HMAC-SHA256, written sha256=<${authentication.encoding ?? 'hex'}>.`,
  );
};

/** The 32 bytes of a digest; null for whatever is none, of any length. */
export function digestOf(given: string, encoding: 'hex' | 'base64'): Buffer | null {
  if (!given.startsWith('sha256=')) return null;
  const digest = given.slice('sha256='.length);
  return (encoding === 'hex' ? HEX_DIGEST : BASE64_DIGEST).test(digest) ? Buffer.from(digest, encoding) : null;
}

function isSignedByOneOf(signature: Buffer, bytes: Buffer, secrets: readonly string[]): boolean {
  let signed = false;
  for (const secret of secrets) signed = timingSafeEqual(signature, createHmac('sha256', secret).update(bytes).digest()) || signed;
  return signed;
}
