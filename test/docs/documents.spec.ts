import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { renderSettingsTable } from '#platform';

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

it('README.md shows the settings as they are (npm run env:example writes them)', () => {
  expect(read('README.md')).toContain(renderSettingsTable());
});
