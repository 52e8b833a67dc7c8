import { domainToASCII } from 'node:url';
import type { ShippedList } from '#core';
import { DISPOSABLE_DOMAINS } from './data/disposable-domains.js';
import { FREE_MAIL_DOMAINS } from './data/free-mail-domains.js';
import { FURTHER_FREE_MAIL_DOMAINS, NO_REPLY, ROLE_ACCOUNTS } from './local-parts.js';

export type ListPart = 'value' | 'local_part' | 'domain';

const SHIPPED: Readonly<Record<ShippedList, ReadonlySet<string>>> = {
  role_accounts: new Set(ROLE_ACCOUNTS),
  no_reply: new Set(NO_REPLY),
  disposable_domains: new Set(DISPOSABLE_DOMAINS),
  free_mail_domains: new Set([...FREE_MAIL_DOMAINS, ...FURTHER_FREE_MAIL_DOMAINS]),
};

/** The lists of one version of a tenant's policy: its own, and the shipped ones it has none of its own for. Entries are compared in small letters. */
export class ListBook {
  private readonly lists: ReadonlyMap<string, ReadonlySet<string>>;

  constructor(own: Readonly<Record<string, readonly string[]>> = {}) {
    this.lists = new Map([...Object.entries(SHIPPED), ...Object.entries(own).map(([name, entries]) => [name, asSet(entries)] as const)]);
  }

  /** @returns false too for a list that does not exist, which the check of the configuration rules out */
  holds(list: string, text: string, part: ListPart): boolean {
    const entries = this.lists.get(list);
    return entries !== undefined && formsOf(text.toLowerCase(), part).some((form) => entries.has(form));
  }
}

const SHIPPED_ONLY = new ListBook();
/** A version's lists live as long as the version. */
const books = new WeakMap<object, ListBook>();

export function bookOf(lists: Readonly<Record<string, readonly string[]>> | undefined): ListBook {
  if (lists == null) return SHIPPED_ONLY;
  const known = books.get(lists) ?? new ListBook(lists);
  books.set(lists, known);
  return known;
}

/** A domain's entry also in the form in which DNS knows it. */
function asSet(entries: readonly string[]): ReadonlySet<string> {
  return new Set(entries.map((entry) => entry.trim().toLowerCase()).flatMap((entry) => [entry, asciiOf(entry)]));
}

/** What may stand on a list for this value. The longest domain is 253 characters, so a megabyte of dots costs nothing. */
function formsOf(text: string, part: ListPart): string[] {
  const at = text.lastIndexOf('@');
  switch (part) {
    case 'value':
      return [text];
    case 'local_part':
      return localForms(at < 0 ? text : text.slice(0, at));
    case 'domain':
      return domainForms(text.slice(at + 1));
  }
}

/** `Customer.Service+x` → as it is, without its tag, and as one word: the form in which shipped entries are. */
export function localForms(local: string): [asWritten: string, untagged: string, oneWord: string] {
  const lower = local.toLowerCase();
  const plus = lower.indexOf('+');
  const untagged = plus > 0 ? lower.slice(0, plus) : lower;
  return [lower, untagged, untagged.replace(/[._-]/g, '')];
}

const LONGEST_DOMAIN = 253;

/** The domain and every domain it is a subdomain of: `a.b.example` → a.b.example, b.example. */
function domainForms(domain: string): string[] {
  if (domain.length > LONGEST_DOMAIN) return [];
  const labels = asciiOf(domain).split('.');
  return labels.slice(0, -1).map((_, first) => labels.slice(first).join('.'));
}

const asciiOf = (domain: string): string => domainToASCII(domain) || domain;
