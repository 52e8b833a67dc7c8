import { INVALID_EMAILS, VALID_EMAILS } from '../../../test/fixtures/email-addresses.js';
import { isEmailAddress, mixesScripts } from './email-address.js';

const shown = ({ email, because }: { email: string; because?: string }): [string, string] => [
  `${JSON.stringify(email).slice(0, 60)}${because === undefined ? '' : `: ${because}`}`,
  email,
];

describe('isEmailAddress', () => {
  it.each(VALID_EMAILS.map(shown))('takes %s', (_, email) => expect(isEmailAddress(email)).toBe(true));
  it.each(INVALID_EMAILS.map(shown))('refuses %s', (_, email) => expect(isEmailAddress(email)).toBe(false));
});

describe('mixesScripts', () => {
  it.each(['аdmin@example.com', 'admin@exаmple.com', 'αdmin@example.com', 'ad\u200bmin@example.com', 'a\u2060b@example.com'])(
    'flags %j',
    (email) => expect(mixesScripts(email)).toBe(true),
  );

  it.each([
    ['plain letters', 'admin@example.com'],
    ['a local part in one alphabet, a domain in another', 'админ@example.com'],
    ['words of several alphabets, each in one', 'админ.admin@почта.example.com'],
    ['accents', 'jürgen.müller@bücher.example'],
    ['Japanese, which is written in several scripts', 'たろう太郎タロウ@例え.jp'],
    ['digits and signs', '1234+5@example.com'],
  ])('does not flag %s', (_, email) => expect(mixesScripts(email)).toBe(false));

  it('never makes two addresses one that only look alike', () => {
    expect('аdmin@example.com'.normalize('NFKC')).not.toBe('admin@example.com');
    expect(isEmailAddress('аdmin@example.com')).toBe(true);
  });
});
