import { createHash, randomBytes } from 'node:crypto';

/** A key as it is shown once and presented from then on: `lg_<id>_<secret>`. The id may be logged, the secret may not. */
export interface ApiKeyText {
  /** 16 hexadecimal digits. */
  readonly id: string;
  /** 32 random bytes in base64url: 43 characters. */
  readonly secret: string;
}

const FORM = /^lg_([0-9a-f]{16})_([\w-]{43})$/;

export function newApiKey(): ApiKeyText {
  return { id: randomBytes(8).toString('hex'), secret: randomBytes(32).toString('base64url') };
}

export function writeApiKey({ id, secret }: ApiKeyText): string {
  return `lg_${id}_${secret}`;
}

/** @returns undefined for what is no key of ours */
export function readApiKey(text: string): ApiKeyText | undefined {
  const [, id, secret] = FORM.exec(text) ?? [];
  return id === undefined || secret === undefined ? undefined : { id, secret };
}

/** What is stored of a secret. A plain hash is enough: nobody guesses 256 random bits, and the door computes one for every request. */
export function sha256Of(secret: string): Buffer {
  return createHash('sha256').update(secret, 'utf8').digest();
}
