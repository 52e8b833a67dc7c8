import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { project } from './support/run-tool.js';

const readJson = <T>(file: string): T => JSON.parse(readFileSync(join(project, file), 'utf8')) as T;

const libs = readdirSync(join(project, 'libs')).filter((name) => existsSync(join(project, 'libs', name, 'src', 'index.ts')));
const { imports } = readJson<{ imports: Record<string, string> }>('package.json');
const { paths } = readJson<{ compilerOptions: { paths: Record<string, string[]> } }>('tsconfig.json').compilerOptions;
const nest = readJson<{ projects: Record<string, { type: string; root: string; sourceRoot: string }> }>('nest-cli.json').projects;

/** A new library is named in three places (and in nest-cli.json for people who use the Nest CLI); here is where a forgotten one shows. */
describe('library aliases', () => {
  it.each(libs)('#%s means the same to Node, the compiler and jest', (lib) => {
    expect(imports[`#${lib}`]).toBe(`./dist/libs/${lib}/src/index.js`);
    expect(paths[`#${lib}`]).toEqual([`./libs/${lib}/src/index.ts`]);
    expect(require.resolve(`#${lib}`)).toBe(join(project, 'libs', lib, 'src', 'index.ts'));
  });

  it('name no library that is not there', () => {
    const known = libs.map((lib) => `#${lib}`).sort();
    expect(Object.keys(imports).sort()).toEqual(known);
    expect(Object.keys(paths).sort()).toEqual(known);
  });

  it('nest-cli.json knows every app and library', () => {
    const apps = readdirSync(join(project, 'apps')).filter((name) => existsSync(join(project, 'apps', name, 'src', 'main.ts')));
    expect(Object.keys(nest).sort()).toEqual([...apps, ...libs].sort());
    for (const [name, { type, root, sourceRoot }] of Object.entries(nest)) {
      expect({ name, root, sourceRoot }).toEqual({
        name,
        root: `${type === 'library' ? 'libs' : 'apps'}/${name}`,
        sourceRoot: `${root}/src`,
      });
    }
  });
});
