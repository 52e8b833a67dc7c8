import { createHmac } from 'node:crypto';

/** By which two processes see that a key id means the same key to both; the key cannot be found from it. @returns 32 bytes */
export function keyCheckOf(secret: Buffer): Buffer {
  return createHmac('sha256', secret).update('leadgate identity key check').digest();
}
