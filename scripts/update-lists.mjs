// npm run lists:update -- NAME --from FILE --origin TEXT --licence TEXT: writes one of the lists that Leadgate brings along anew.
// FILE holds one domain per line (# begins a comment) or a JSON list of texts, as its publisher hands it out. Without --origin and
// --licence those of the list as it is are kept. Called without anything it says what the lists are and where they came from.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { domainToASCII } from 'node:url';
import { parseArgs } from 'node:util';
import { main } from './steps/main.mjs';
import { ClearError, progress, root } from './steps/project.mjs';

const FOLDER = join('libs', 'policy', 'src', 'lists', 'data');
const LISTS = {
  disposable_domains: {
    file: 'disposable-domains.ts',
    constant: 'DISPOSABLE_DOMAINS',
    about: 'Domains of throw-away mailboxes.',
    where: 'disposable_email_blocklist.conf of github.com/disposable-email-domains/disposable-email-domains',
  },
  free_mail_domains: {
    file: 'free-mail-domains.ts',
    constant: 'FREE_MAIL_DOMAINS',
    about: 'Domains of mailboxes that anybody gets, free of charge or with an internet access.',
    where: 'data/free.txt of github.com/willwhite/freemail',
  },
};

/** Where millions of people have their mail: a disposable list that names one of these would refuse them all. */
const NEVER_DISPOSABLE = [
  'gmail.com',
  'outlook.com',
  'hotmail.com',
  'yahoo.com',
  'icloud.com',
  'aol.com',
  'gmx.de',
  'web.de',
  't-online.de',
];
/** A list that shrinks by more than this was most likely cut off on its way. */
const SMALLEST_SHARE = 0.8;

await main(() => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { from: { type: 'string' }, origin: { type: 'string' }, licence: { type: 'string' } },
  });
  const [name] = positionals;
  if (name === undefined) return describe();
  const list = LISTS[name];
  if (list === undefined) throw new ClearError(`There is no list ${name}. The lists are: ${Object.keys(LISTS).join(', ')}.`);
  if (values.from === undefined) throw new ClearError(`--from is missing: the file to take the entries from, e.g. ${list.where}.`);

  const before = known(list);
  const origin = values.origin ?? before.origin;
  const licence = values.licence ?? before.licence;
  if (origin === undefined || licence === undefined) {
    throw new ClearError('--origin (where the file came from, with its version) and --licence must be given the first time.');
  }
  const entries = read(values.from);
  if (entries.length < before.entries.length * SMALLEST_SHARE) {
    throw new ClearError(
      `${values.from} holds ${entries.length} domains, the list has ${before.entries.length}: that looks like a part of it.`,
    );
  }
  const wrong = name === 'disposable_domains' ? NEVER_DISPOSABLE.filter((domain) => entries.includes(domain)) : [];
  if (wrong.length > 0) throw new ClearError(`${values.from} calls ${wrong.join(', ')} disposable: that would refuse millions of people.`);
  writeFileSync(join(root, FOLDER, list.file), render(list, { origin, licence, entries }));
  const added = entries.filter((entry) => !before.entries.includes(entry)).length;
  progress(`${name}: ${entries.length} entries, ${added} new, ${before.entries.length - (entries.length - added)} gone`);
});

function describe() {
  for (const [name, list] of Object.entries(LISTS)) {
    const { origin, licence, entries } = known(list);
    progress(
      `${name}: ${entries.length} entries, from ${origin ?? 'nowhere yet'} (${licence ?? 'no licence'}). A newer one: ${list.where}`,
    );
  }
}

function known({ file }) {
  const path = join(root, FOLDER, file);
  if (!existsSync(path)) return { entries: [] };
  const text = readFileSync(path, 'utf8');
  return {
    origin: /^ \* Origin: (.*)$/m.exec(text)?.[1],
    licence: /^ \* Licence: (.*)$/m.exec(text)?.[1],
    entries: (/`\n([^`]*)\n`/.exec(text)?.[1] ?? '').split('\n'),
  };
}

/** Lower-case domains in the form that DNS knows, sorted, each once. What is no domain is left out and counted. */
function read(file) {
  const text = readFileSync(file, 'utf8');
  const lines = text.trimStart().startsWith('[') ? JSON.parse(text) : text.split(/\r?\n/);
  const given = lines.map((line) => line.replace(/#.*/, '').trim().toLowerCase()).filter((line) => line !== '');
  const domains = given.map((line) => domainToASCII(line)).filter((domain) => /^[a-z0-9.-]+\.[a-z0-9-]{2,}$/.test(domain));
  if (domains.length < given.length) progress(`${given.length - domains.length} lines are no domain and are left out`);
  return [...new Set(domains)].sort();
}

function render({ constant, about }, { origin, licence, entries }) {
  return `/**
 * ${about} One per line, so that a change is easy to read; written by \`npm run lists:update\`, not by hand.
 * Origin: ${origin}
 * Licence: ${licence}
 */
export const ${constant}: readonly string[] = \`
${entries.join('\n')}
\`
  .trim()
  .split('\\n');
`;
}
