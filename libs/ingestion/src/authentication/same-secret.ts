import { createHash, timingSafeEqual } from 'node:crypto';
import type { SourceAuthentication } from '#core';

/** The secrets a sender may use now: the present one, and the one before while it changes over. Empty texts are none. */
export function secretsOf({ secret, previous_secret }: SourceAuthentication): string[] {
  return [secret, previous_secret].filter((text): text is string => text !== undefined && text !== null && text !== '');
}

/** Is it one of the secrets? All are compared, as hashes: equal lengths whatever was sent, and a time that says nothing about any of them. */
export function isOneOf(given: Buffer, secrets: readonly string[]): boolean {
  const shown = sha256(given);
  let same = false;
  for (const secret of secrets) same = timingSafeEqual(shown, sha256(Buffer.from(secret))) || same;
  return same;
}

function sha256(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest();
}
