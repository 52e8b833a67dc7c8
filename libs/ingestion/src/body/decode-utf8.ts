import { isUtf8 } from 'node:buffer';
import { refuse, type Refusal } from './refusal.js';

/**
 * Text of bytes, strictly: a decoder that is not asked to be strict puts U+FFFD in place of what it does not understand and changes
 * the lead without a word.
 */
export function decodeUtf8(bytes: Buffer): string | Refusal {
  if (!isUtf8(bytes)) return refuse('invalid_utf8', 'The body is not valid UTF-8. Send it encoded as UTF-8.');
  return bytes.toString('utf8');
}
