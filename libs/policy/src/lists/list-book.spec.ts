import { SHIPPED_LISTS } from '#core';
import { bookOf, ListBook } from './list-book.js';
import { DISPOSABLE_DOMAINS } from './data/disposable-domains.js';
import { FREE_MAIL_DOMAINS } from './data/free-mail-domains.js';
import { FURTHER_FREE_MAIL_DOMAINS, NO_REPLY, ROLE_ACCOUNTS } from './local-parts.js';

describe('the shipped lists', () => {
  it.each(Object.entries({ DISPOSABLE_DOMAINS, FREE_MAIL_DOMAINS, FURTHER_FREE_MAIL_DOMAINS }))(
    '%s: domains in small letters, each once',
    (_, list) => {
      expect(list.filter((domain) => !/^[a-z0-9-]+(\.[a-z0-9-]+)+$/.test(domain))).toEqual([]);
      expect(new Set(list).size).toBe(list.length);
    },
  );

  it.each(Object.entries({ ROLE_ACCOUNTS, NO_REPLY }))('%s: one word each, each once', (_, list) => {
    expect(list.filter((word) => !/^[\p{Ll}0-9]+$/u.test(word))).toEqual([]);
    expect(new Set(list).size).toBe(list.length);
  });

  it('call no mailbox disposable that millions of people have', () => {
    const known = [
      'gmail.com',
      'outlook.com',
      'hotmail.com',
      'yahoo.com',
      'icloud.com',
      'aol.com',
      'gmx.de',
      'web.de',
      't-online.de',
      'proton.me',
    ];
    expect(known.filter((domain) => bookOf(undefined).holds('disposable_domains', domain, 'domain'))).toEqual([]);
  });

  it('are all there, by the names the configuration may use', () => {
    const samples = {
      role_accounts: 'info@',
      no_reply: 'noreply@',
      disposable_domains: '@mailinator.com',
      free_mail_domains: '@gmail.com',
    };
    for (const list of SHIPPED_LISTS) {
      const part = list.endsWith('domains') ? 'domain' : 'local_part';
      expect([list, bookOf(undefined).holds(list, samples[list], part)]).toEqual([list, true]);
    }
  });
});

describe('a list', () => {
  const book = new ListBook({
    people: ['Jane.Doe@Example.com', ' 4711 '],
    firms: ['example.com', 'bücher.example'],
    boxes: ['sales-team'],
    free_mail_domains: ['only.example'],
  });

  it.each<[string, string, 'value' | 'local_part' | 'domain', boolean]>([
    ['people', 'jane.doe@EXAMPLE.com', 'value', true],
    ['people', 'jane.doe@example.com.', 'value', false],
    ['people', '4711', 'value', true],
    ['firms', 'x@example.com', 'domain', true],
    ['firms', 'x@mail.sub.example.com', 'domain', true],
    ['firms', 'x@notexample.com', 'domain', false],
    ['firms', 'x@example.com.evil.test', 'domain', false],
    ['firms', 'x@com', 'domain', false],
    ['firms', 'www.example.com', 'domain', true],
    ['firms', 'x@xn--bcher-kva.example', 'domain', true],
    ['firms', 'x@Bücher.example', 'domain', true],
    ['firms', `x@${'.'.repeat(1 << 20)}example.com`, 'domain', false],
    ['boxes', 'Sales-Team@example.com', 'local_part', true],
    ['boxes', 'sales-team+x@example.com', 'local_part', true],
    ['boxes', 'sales@example.com', 'local_part', false],
    ['nobody', 'x', 'value', false],
  ])('%s holds %j by %s: %s', (list, text, part, holds) => expect(book.holds(list, text, part)).toBe(holds));

  it("of the tenant's own takes the place of a shipped one of its name, and of no other", () => {
    expect(book.holds('free_mail_domains', 'x@only.example', 'domain')).toBe(true);
    expect(book.holds('free_mail_domains', 'x@gmail.com', 'domain')).toBe(false);
    expect(book.holds('disposable_domains', 'x@mailinator.com', 'domain')).toBe(true);
  });

  it('is made once per version of the configuration', () => {
    const lists = { ours: ['x'] };
    expect(bookOf(lists)).toBe(bookOf(lists));
  });
});
