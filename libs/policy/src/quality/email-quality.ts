import type { EmailConcern } from '#core';
import { bookOf, localForms, type ListBook } from '../lists/list-book.js';

/** What `email_quality` refuses unless its rule says otherwise: CONTRACTS 6, "role accounts and no-reply rejected, free-mail by option". */
export const REFUSED_CONCERNS: readonly EmailConcern[] = ['no_reply', 'role_account'];

/** `noreply-jobs` and `noreply123` are machines too; no word or name begins like this. */
const NO_REPLY_BEGINNINGS = ['noreply', 'donotreply'];

/**
 * Everything that speaks against a person reading this mailbox, or against a business owning it. An address that is none has no concerns:
 * whether it is valid is another question.
 * @param email with an @, in any case
 * @param lists the shipped ones unless told
 */
export function emailConcerns(email: string, lists: ListBook = bookOf(undefined)): EmailConcern[] {
  if (!email.includes('@')) return [];
  const [, , oneWord] = localForms(email.slice(0, email.lastIndexOf('@')));
  const noReply = NO_REPLY_BEGINNINGS.some((beginning) => oneWord.startsWith(beginning)) || lists.holds('no_reply', email, 'local_part');
  const found: readonly [EmailConcern, boolean][] = [
    ['no_reply', noReply],
    ['role_account', lists.holds('role_accounts', email, 'local_part')],
    ['disposable', lists.holds('disposable_domains', email, 'domain')],
    ['free_mail', lists.holds('free_mail_domains', email, 'domain')],
  ];
  return found.filter(([, holds]) => holds).map(([concern]) => concern);
}
