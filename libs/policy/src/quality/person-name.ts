import type { JsonValue } from '#core';

/** Words of functions and places. Only whole words count: Jim Bowner, Sarah Steamer and Brad Servicek are people; so are Maria Sales and Lee General. */
const NOT_OF_PEOPLE = new Set([
  ...[
    'office',
    'leasing',
    'team',
    'support',
    'service',
    'services',
    'customer',
    'customers',
    'contact',
    'contacts',
    'manager',
    'management',
  ],
  ...[
    'property',
    'properties',
    'owner',
    'owners',
    'admin',
    'administrator',
    'administration',
    'inquiries',
    'inquiry',
    'enquiries',
    'enquiry',
  ],
  ...[
    'info',
    'information',
    'help',
    'helpdesk',
    'desk',
    'reception',
    'receptionist',
    'department',
    'dept',
    'staff',
    'billing',
    'accounting',
  ],
  ...['accounts', 'marketing', 'maintenance', 'resident', 'residents', 'tenant', 'tenants', 'rental', 'rentals', 'apartments', 'noreply'],
  ...[
    'unknown',
    'anonymous',
    'webmaster',
    'postmaster',
    'vertrieb',
    'verwaltung',
    'hausverwaltung',
    'buchhaltung',
    'kundenservice',
    'zentrale',
  ],
]);
const NEVER_IN_A_NAME = /[\d@|/\\]/;
/** Longer than any name; nothing expensive is done with what is longer. */
const LONGEST_NAME = 200;

/** A capital first, or a letter of an alphabet without capitals (Arabic, Hebrew, Devanagari, Han, … and Georgian, which Unicode gives two cases). */
const NAME_LIKE = /^[\p{Lu}\p{Lt}\p{Lo}\p{Script=Georgian}]/u;
/** Written without blanks between family and given name. */
const ONE_WORD_NAME = /^[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{M}ー・々]{2,}$/u;
const NOT_LETTERS_AT_THE_ENDS = /^[^\p{L}]+|[^\p{L}\p{M}]+$/gu;

/** First and last name. */
const WORDS_OF_A_WHOLE_NAME = 2;

/**
 * Whether a text reads like the name of a person: at least two words that begin like names, and none that names a function. Mixed case
 * (McDonald, DeVito), initials ("J. Smith"), capitals throughout and other alphabets pass; a name in small letters only does not.
 * In doubt it is a person.
 * @param words how many words must begin like names; 1 for a field that holds only a first or a last name
 */
export function isPersonName(value: JsonValue | undefined, words = WORDS_OF_A_WHOLE_NAME): boolean {
  if (typeof value !== 'string' || value.length > LONGEST_NAME || NEVER_IN_A_NAME.test(value)) return false;
  const found = value
    .split(/[\s,;]+/)
    .map((word) => word.replace(NOT_LETTERS_AT_THE_ENDS, ''))
    .filter((word) => word !== '');
  if (found.some((word) => NOT_OF_PEOPLE.has(word.toLowerCase()))) return false;
  return found.filter((word) => NAME_LIKE.test(word)).length >= words || found.some((word) => ONE_WORD_NAME.test(word));
}
