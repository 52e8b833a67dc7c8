import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ALARMS, HOLD_REASONS, isFinal, LEAD_STATUSES, OPERATOR_EVENT_TYPES } from '#core';
import { Metrics, renderSettingsTable } from '#platform';
import { COMMANDS } from '../../apps/cli/src/commands.js';

/** What the documents say exists must exist. */

const project = join(__dirname, '..', '..');
const read = (path: string): string => readFileSync(join(project, path), 'utf8');
const filesIn = (folder: string, ending: string): string[] =>
  readdirSync(join(project, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending))
    .map((name) => `${folder}/${name}`);

const documents = ['README.md', ...filesIn('docs', '.md'), 'libs/core/src/glossary.md'];
const withCommands = [...documents, ...filesIn('config', '.yaml'), '.env.example', 'docker-compose.yml', 'Dockerfile'];
const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };

describe.each(documents)('%s', (document) => {
  const text = read(document);

  it('links to files that are there', () => {
    const links = [...text.matchAll(/\]\((?!https?:)([^)#\s]+)/g)].map(([, link]) => link!);
    expect(links.filter((link) => !existsSync(join(project, dirname(document), link)))).toEqual([]);
  });

  it('names files that are there', () => {
    const paths = [...text.matchAll(/`((?:apps|libs|test|config|prisma|scripts|docs|bench|\.ci)\/[\w./-]+\.\w+)`/g)].map(
      ([, path]) => path!,
    );
    expect(paths.filter((path) => !/<|…/.test(path) && !existsSync(join(project, path)))).toEqual([]);
  });
});

describe.each(withCommands)('%s', (document) => {
  it('names npm scripts that exist', () => {
    const named = [...read(document).matchAll(/\bnpm (?:run (?:--silent )?([\w:-]+)|(start|test)\b)/g)].map(
      ([, script, short]) => script ?? short!,
    );
    expect(named.filter((script) => !(script in scripts))).toEqual([]);
  });
});

describe.each(withCommands)('%s', (document) => {
  it('names commands of leadgate that exist', () => {
    const named = [...read(document).matchAll(/(?:`leadgate|npm run --silent leadgate --) ([a-z][a-z-]*(?: [a-z]+)?)/g)].map(
      ([, words]) => words!,
    );
    const exists = (words: string): boolean => COMMANDS.some(({ name }) => words === name || words.startsWith(`${name} `));
    expect(named.filter((words) => !exists(words))).toEqual([]);
  });
});

it('docs/operations.md explains every status that waits and every reason to hold', () => {
  const text = read('docs/operations.md');
  const waiting = LEAD_STATUSES.filter((status) => !isFinal(status));
  expect([...waiting, ...HOLD_REASONS].filter((word) => !new RegExp(`^\\| \`?${word}\`? \\|`, 'm').test(text))).toEqual([]);
});

it('docs/operations.md says of every operator event what to do', () => {
  const text = read('docs/operations.md');
  expect(OPERATOR_EVENT_TYPES.filter((type) => !new RegExp(`^\\| \`${type}\` \\| [^|]+ \\| [^|]+ \\|$`, 'm').test(text))).toEqual([]);
});

it('docs/operations.md alerts on metrics and alarms that there are', async () => {
  const text = read('docs/operations.md');
  const metrics = new Set((await new Metrics().registry.getMetricsAsJSON()).map(({ name }) => name));
  const named = [...text.matchAll(/\bleadgate_[a-z_]+/g)]
    .map(([name]) => name)
    .filter((name) => !/^leadgate_(app|owner|readonly)$/.test(name));
  expect(named.filter((name) => !metrics.has(name))).toEqual([]);
  const alarms = [...text.matchAll(/alarm="([a-z_]+)"/g)].map(([, alarm]) => alarm);
  expect(alarms.filter((alarm) => !ALARMS.some((one) => one === alarm))).toEqual([]);
});

it('the glossary names every metric', async () => {
  const text = read('libs/core/src/glossary.md');
  const metrics = (await new Metrics().registry.getMetricsAsJSON()).map(({ name }) => name).filter((name) => name.startsWith('leadgate_'));
  expect(metrics.filter((name) => !text.includes(`\`${name}`))).toEqual([]);
});

it('README.md shows the settings as they are (npm run env:example writes them)', () => {
  expect(read('README.md')).toContain(renderSettingsTable());
});
