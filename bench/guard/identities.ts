/** Values by which leads are told apart: e-mail addresses and phone numbers, one of each per lead, never the same twice. */
import { pick, type Random } from '../support/seeded-random.js';

/** Area codes of the United States in use. */
const AREAS = [
  201, 202, 206, 212, 213, 214, 215, 303, 305, 312, 313, 404, 408, 412, 415, 503, 512, 602, 614, 617, 619, 702, 713, 718, 773,
] as const;
/** Exchanges 211, 311 … are services and 555 is kept for films. */
const EXCHANGES = Array.from({ length: 800 }, (_, index) => 200 + index).filter((exchange) => exchange % 100 !== 11 && exchange !== 555);
const LINES = 10_000;
const PHONES = AREAS.length * EXCHANGES.length * LINES;
/** A prime that does not divide PHONES: multiplying by it only changes the order. */
const STRIDE = 15_485_863n;

const FIRST = ['anna', 'bill', 'carla', 'dave', 'emma', 'frank', 'grace', 'henry', 'ivy', 'jack', 'kate', 'liam', 'mia', 'noah'] as const;
const LAST = ['adams', 'baker', 'clark', 'davis', 'evans', 'foster', 'garcia', 'hill', 'irwin', 'jones', 'king', 'lopez', 'moore'] as const;
const DOMAINS = [
  'example.com',
  'example.org',
  'example.net',
  'mail.example.com',
  'acme-industries.com',
  'northwind.io',
  'contoso.co.uk',
] as const;
const TAGS = ['+news', '+leads', '+2026', '+a.b'] as const;

/** Seeds below 190 share no phone number in their first million leads. */
const PHONES_PER_SEED = 1_000_000n;

/** Ten digits of a valid number of the United States. */
export function nationalPhone(seed: number, number: number): string {
  const place = Number(((BigInt(seed) * PHONES_PER_SEED + BigInt(number)) * STRIDE) % BigInt(PHONES));
  const line = place % LINES;
  const rest = Math.floor(place / LINES);
  return `${AREAS[rest % AREAS.length]}${EXCHANGES[Math.floor(rest / AREAS.length)]}${String(line).padStart(4, '0')}`;
}

/** A valid address in small letters. */
export function emailAddress(random: Random, seed: number, number: number, tagged: boolean): string {
  const local = `${pick(random, FIRST)}.${pick(random, LAST)}${number}.${seed}`;
  return `${local}${tagged ? pick(random, TAGS) : ''}@${pick(random, DOMAINS)}`;
}

export function personName(random: Random): { readonly first_name: string; readonly last_name: string } {
  return { first_name: capital(pick(random, FIRST)), last_name: capital(pick(random, LAST)) };
}

const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);
