/** The ways in which people write what is valid, and what is not. */
import { pick, type Random } from '../support/seeded-random.js';

const BLANKS = ['', '', ' ', '  ', '\t', ' \n', '\u00a0'] as const;

/** The same address in other letters, with blanks around it. */
export function messyEmail(random: Random, email: string): string {
  const at = email.indexOf('@');
  const [local, domain] = [email.slice(0, at), email.slice(at)];
  const written = pick(random, [
    email,
    email.toUpperCase(),
    local + domain.toUpperCase(),
    local.toUpperCase() + domain,
    alternating(email),
  ]);
  return pick(random, BLANKS) + written + pick(random, BLANKS);
}

/** The same number as people in the United States write it. */
export function messyPhone(random: Random, digits: string): string {
  const [area, exchange, line] = [digits.slice(0, 3), digits.slice(3, 6), digits.slice(6)];
  return pick(random, [
    `(${area}) ${exchange}-${line}`,
    `${area}.${exchange}.${line}`,
    `${area}-${exchange}-${line}`,
    `${area} ${exchange} ${line}`,
    `1-${area}-${exchange}-${line}`,
    `+1 (${area}) ${exchange}-${line}`,
    `+1${area}${exchange}${line}`,
    ` ${area}${exchange}${line} `,
    `${area}\u00a0${exchange}\u00a0${line}`,
    `tel:+1-${area}-${exchange}-${line}`,
    fullWidth(`+1 ${area} ${exchange} ${line}`),
    fullWidth(digits),
  ]);
}

/** No address in anybody's reading. `number` keeps them apart. */
export function brokenEmail(random: Random, number: number): string {
  return pick(random, [
    `nobody${number}`,
    `nobody${number}.example.com`,
    `nobody${number}@`,
    `@example${number}.com`,
    `no body${number}@example.com`,
    `nobody${number}@example..com`,
    `nobody..${number}@example.com`,
    `.nobody${number}@example.com`,
    `nobody${number}@-example.com`,
    `nobody${number}@example`,
    `nobody${number}@@example.com`,
    `nobody${number}@example.com, other${number}@example.com`,
    `<nobody${number}@example.com>`,
    `nobody${number}@exam_ple!.com`,
  ]);
}

export const NO_EMAIL = [undefined, null, '', '   ', '\t\n'] as const;

export function brokenPhone(random: Random): string {
  return pick(random, [
    '123',
    '12',
    'call me',
    'n/a',
    '+',
    '0000000000',
    '+1 000 000 0000',
    '+999 1234567',
    '(202) 555-01',
    '+1 202 555 0123 4567 8901',
    '1111111111',
    '-',
    '☎️',
  ]);
}

const FULL_WIDTH_OFFSET = 0xfee0;
function fullWidth(text: string): string {
  return text.replace(/[!-~]/g, (character) => String.fromCharCode(character.charCodeAt(0) + FULL_WIDTH_OFFSET));
}

function alternating(text: string): string {
  return [...text].map((letter, index) => (index % 2 === 0 ? letter.toUpperCase() : letter)).join('');
}
