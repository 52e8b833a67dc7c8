import { emailConcerns } from '#policy';
import { EMAIL_QUALITY_CASES, ROLE } from '../fixtures/email-quality.js';

const concerns = (email: string) => emailConcerns(email);

describe('an address is taken for that of a function, of a machine or of no business as the replaced systems did', () => {
  it.each(EMAIL_QUALITY_CASES)('$id ($email): $asks $expect', ({ email, asks, expect: is }) => {
    const asked = asks === 'role' ? ROLE : ['free_mail'];
    expect(concerns(email).some((concern) => asked.includes(concern))).toBe(is);
  });

  it.each([
    ['no-reply@x.com', ['no_reply']],
    ['do_not_reply@x.com', ['no_reply']],
    ['noreply-jobs@x.com', ['no_reply']],
    ['MAILER-DAEMON@x.com', ['no_reply']],
    ['postmaster@x.com', ['role_account']],
    ['info+web@x.com', ['role_account']],
    ['buchhaltung@x.de', ['role_account']],
    ['jane@mailinator.com', ['disposable']],
    ['jane@mail.mailinator.com', ['disposable']],
    ['info@gmail.com', ['role_account', 'free_mail']],
  ])('%s: %j', (email, expected) => expect(concerns(email)).toEqual(expected));

  it.each([
    'jane@acme.com',
    'paris@acme.com',
    'jane@notgmail.com',
    'jane@gmail.com.acme.com',
    'reply@acme.com',
    'noreen@acme.com',
    'gmail.com',
    '',
  ])('nothing speaks against %j', (email) => expect(concerns(email)).toEqual([]));
});
