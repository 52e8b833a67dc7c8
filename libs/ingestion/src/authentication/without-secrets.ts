import type { SourceConfig } from '#core';
import type { FoundMember } from './find-in-json.js';
import { findMember } from './find-member.js';
import { secretsOf } from './same-secret.js';
import { undoEscapes } from './undo-escapes.js';

const STAR = 0x2a;
const QUOTE = 0x22;

/** A shorter secret is covered only where it is the member's value: everywhere else it would be part of ordinary words. */
const SURE_SECRET_BYTES = 8;

/**
 * The body as it may be stored: of a source whose secret is in its body, the value of that member is overwritten by `*`, byte for byte, so
 * that everything else stays as it arrived and JSON stays JSON. The configured secrets are overwritten wherever else they stand too,
 * also written with escapes, and in bodies that nobody can read. Of a compressed body nothing is left but its length.
 *
 * @returns the same bytes where the source's secret is elsewhere
 */
export function withoutSecrets(
  { authentication }: SourceConfig,
  bytes: Buffer,
  contentType: string | null,
  contentEncoding: string | null = null,
): Buffer {
  if (authentication.kind !== 'body_secret' || bytes.length === 0) return bytes;
  if (contentEncoding !== null && contentEncoding.toLowerCase() !== 'identity') return Buffer.alloc(bytes.length, STAR);
  const covered = Buffer.from(bytes);
  const members = findMember(bytes, contentType, authentication.field ?? '');
  for (const member of members) coverMember(covered, member);
  for (const secret of secretsOf(authentication)) {
    if (members.length === 0 || Buffer.byteLength(secret) >= SURE_SECRET_BYTES) coverText(covered, secret);
  }
  return covered;
}

function coverMember(covered: Buffer, { start, end, bare }: FoundMember): void {
  covered.fill(STAR, start, end);
  if (!bare) return;
  // A number or an object becomes a text; one digit has no room for quotes.
  if (end - start < 2) covered.fill(0x30, start, end);
  else covered[start] = covered[end - 1] = QUOTE;
}

/** Every way in which a text may stand in bytes: as it is, in UTF-16, with the escapes of JSON, with those of a form. */
function coverText(covered: Buffer, secret: string): void {
  if (/^\**$/.test(secret)) return;
  const utf8 = Buffer.from(secret);
  const utf16 = Buffer.from(secret, 'utf16le');
  let changed: boolean;
  do {
    changed = false;
    for (const escapes of ['json', 'form'] as const) {
      const { said, from } = undoEscapes(covered, escapes);
      if (said !== covered) changed = coverEach(said, utf8, (start, end) => covered.fill(STAR, from(start), from(end))) || changed;
    }
    for (const bytes of [utf8, utf16, Buffer.from(utf16).swap16()]) {
      changed = coverEach(covered, bytes, () => undefined) || changed;
    }
    // Stars beside what was left of the text can make up a secret that has stars of its own.
  } while (changed);
}

/** Overwrites each place in `within`, which may be a copy, and tells of it. */
function coverEach(within: Buffer, secret: Buffer, tell: (start: number, end: number) => void): boolean {
  let changed = false;
  for (let at = within.indexOf(secret); at >= 0; at = within.indexOf(secret, Math.max(0, at - secret.length + 1))) {
    within.fill(STAR, at, at + secret.length);
    tell(at, at + secret.length);
    changed = true;
  }
  return changed;
}
