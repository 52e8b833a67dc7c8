import { randomBytes } from 'node:crypto';
import type { IdentityKey } from './key-rings.port.js';

export function newIdentityKey(): IdentityKey {
  return { id: `key-${randomBytes(4).toString('hex')}`, secret: randomBytes(32) };
}
