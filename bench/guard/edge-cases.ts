/** Leads at the edge of what senders send: harmless ones that must pass, and ones on which sensible gateways disagree. */
import { DECISIONS } from '#core';
import { pick, type Random } from '../support/seeded-random.js';
import { emailAddress, nationalPhone } from './identities.js';
import { both, type Content, type LeadFields, PASSES } from './labels.js';

const HOSTILE_NAMES = [
  `Robert'); DROP TABLE leads;--`,
  '<script>alert(1)</script>',
  '${jndi:ldap://example.com/a}',
  '{{7*7}}',
  '=HYPERLINK("http://example.com")',
  '%00%0a%0d',
  '../../../../etc/passwd',
  'null',
  'undefined',
  'NaN',
  'true',
  '__proto__',
  'constructor',
  '\u202eeman\u202c',
  'a\u0000b',
  '\ufeffAnna\u200b',
  '👩‍👩‍👧‍👦',
  'Z͑ͫ̓ͪ̂ͫ̽a̴̵l̡g̢o',
] as const;
const FOREIGN_NAMES = [
  'Müşerref',
  'Łukasz',
  'Željko',
  '王小明',
  'Юлия',
  'محمد',
  'שרה',
  'Ngọc Ánh',
  "D'Angelo",
  'McDonald',
  'O’Neil-Smith',
  'Ñandú',
  'Ωμέγα',
] as const;

const ANYTHING = both(...DECISIONS);

export function edgeCase(random: Random, seed: number, number: number): Content {
  const email = emailAddress(random, seed, number, false);
  const phone = `+1${nationalPhone(seed, number)}`;
  return random() < 0.6 ? harmless(random, number, email, phone) : disputed(random, number, email, phone);
}

/** Valid identities in strange company. */
function harmless(random: Random, number: number, email: string, phone: string): Content {
  const strangeness = pick<LeadFields>(random, [
    { first_name: pick(random, HOSTILE_NAMES), last_name: pick(random, HOSTILE_NAMES) },
    { first_name: pick(random, FOREIGN_NAMES), last_name: pick(random, FOREIGN_NAMES) },
    { first_name: 'x'.repeat(5000), company: 'ß'.repeat(2000) },
    { first_name: '', last_name: ' ', company: null },
    { extra: { deep: { deeper: [1, { käse: null }] }, email: 'not-an-email', phone: '123', list: [[]] } },
  ]);
  const longest = `${'l'.repeat(64 - String(number).length)}${number}@example.com`;
  return { fields: { email: random() < 0.1 ? longest : email, phone, ...strangeness }, allowed: PASSES };
}

/** Unusual identities: what is right about them depends on whom one asks. */
function disputed(random: Random, number: number, email: string, phone: string): Content {
  const fields = pick<LeadFields>(random, [
    { email: `jörg${number}@bücher.example`, phone },
    { email: `用户${number}@例子.广告`, phone },
    { email: `user${number}@xn--bcher-kva.example`, phone },
    { email: `"quoted ${number}"@example.com`, phone },
    { email: `user${number}@[192.0.2.1]`, phone },
    { email: `user${number}@example.com.`, phone },
    { email: `ｕｓｅｒ${number}＠ｅｘａｍｐｌｅ．ｃｏｍ`, phone },
    { email: `аdmin${number}@example.com`, phone },
    { email: `us\u200ber${number}@example.com`, phone },
    { email: `${'a'.repeat(65)}${number}@example.com`, phone },
    { email: `user${number}@${'sub.'.repeat(60)}example.com`, phone },
    { email: `mailto:${email}`, phone },
    { email, phone: `${phone} ext. 5` },
    { email, phone: '1-800-FLOWERS' },
    { email, phone: '+44 20 7946 0018' },
    { email, phone: `${phone} or call my mother` },
    { email, phone: `0${phone}` },
  ]);
  return { fields, allowed: ANYTHING };
}
