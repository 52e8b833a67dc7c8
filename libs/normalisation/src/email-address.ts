import { domainToASCII } from 'node:url';
import { isEmailValid, type EmailOptions } from '@hapi/address';

/**
 * RFC 5321 4.5.3.1.3 as erratum 1690 reads it: 254 octets. The address counts as it is written and as DNS knows its domain, and the
 * shorter check comes first: whatever is longer is no address, and nothing expensive is done with it.
 */
export const EMAIL_MAX_OCTETS = 254;

const OPTIONS: EmailOptions = {
  // The library would also refuse local parts over 64 octets. Mail servers that make longer ones exist, and the systems that Leadgate
  // replaces take them: in doubt the lead passes. The length of the whole is looked at below.
  ignoreLength: true,
  // RFC 5890: mail to müller@bücher.example is delivered; the domain is checked in its ASCII form.
  allowUnicode: true,
  // No host name has one (RFC 1123), so no mail gets there.
  allowUnderscore: false,
  // `x@localhost` and `x@com` reach nobody outside.
  minDomainSegments: 2,
  // Names that never lead to a mailbox on the internet: RFC 6761 (invalid, localhost), RFC 6762 (local), RFC 7686 (onion), RFC 3172 (arpa).
  // `test` and `example` are left alone: they are what people try a system out with. New top-level domains come every year, so there
  // is no list of good ones.
  tlds: { deny: new Set(['arpa', 'invalid', 'local', 'localhost', 'onion']) },
};

/** Separators, controls, format characters (zero-width ones, direction marks), surrogates and private code points: nobody's address has them. */
const UNSAFE = /[\p{Z}\p{Cc}\p{Cf}\p{Co}\p{Cs}]/u;

/**
 * Whether mail to this address could arrive anywhere; nothing is asked on the network. A quoted local part, a comment, a display name
 * and an address literal (`x@[192.0.2.1]`) are not valid: they are legal, and in a form they are slips or attacks.
 * @param email trimmed, in small letters
 */
export function isEmailAddress(email: string): boolean {
  if (email.length > EMAIL_MAX_OCTETS) return false;
  // The library's URL parser throws on half a surrogate pair.
  if (!email.isWellFormed() || UNSAFE.test(email)) return false;
  if (Buffer.byteLength(email, 'utf8') > EMAIL_MAX_OCTETS || !isEmailValid(email, OPTIONS)) return false;
  const at = email.lastIndexOf('@');
  const ascii = domainToASCII(email.slice(at + 1));
  // Empty: punycode that stands for nothing, which the library takes for a plain name.
  return ascii !== '' && Buffer.byteLength(email.slice(0, at), 'utf8') + 1 + ascii.length <= EMAIL_MAX_OCTETS;
}

/** Alphabets with letters that look like those of another one of them. */
const LOOK_ALIKES = ['Latin', 'Cyrillic', 'Greek', 'Armenian', 'Cherokee', 'Coptic', 'Lisu'].map(
  (script) => new RegExp(`\\p{Script=${script}}`, 'u'),
);
const INVISIBLE = /\p{Cf}/u;
const WORD_ENDS = /[^\p{L}\p{M}]+/u;

/**
 * One word of the address mixes alphabets whose letters look alike (`аdmin` with a Cyrillic а), or holds something invisible. It is
 * flagged and compared exactly as it is written: no Unicode normal form knows that both look the same, so it never becomes the other's lead.
 * @param email at most EMAIL_MAX_OCTETS characters are looked at: what is longer is no address
 */
export function mixesScripts(email: string): boolean {
  if (email.length > EMAIL_MAX_OCTETS) return false;
  if (INVISIBLE.test(email)) return true;
  return email.split(WORD_ENDS).some((word) => LOOK_ALIKES.filter((script) => script.test(word)).length > 1);
}
