import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { project, runNode } from './support/run-tool.js';

/** rule → a source that breaks it. The file is libs/a/src/<n>.ts, or <n>.spec.ts for the rules about tests. */
const CASES: Readonly<Record<string, string>> = {
  'typescript/no-explicit-any': 'export const it: any = 1;',
  'typescript/ban-ts-comment': '// @ts-ignore\nexport const it: string = 1;',
  'typescript/no-non-null-assertion': 'export const it = (a: string | null): string => a!;',
  'typescript/no-require-imports': "export const it = require('node:fs');",
  'typescript/no-namespace': 'export namespace A { export const it = 1; }',
  'typescript/no-empty-object-type': 'export interface A {}',
  'typescript/no-dynamic-delete': 'export const it = (a: Record<string, string>, b: string): void => { delete a[b]; };',
  'typescript/no-unsafe-function-type': 'export type A = Function;',
  'typescript/prefer-enum-initializers': 'export enum A { B, C }',
  'eslint/eqeqeq': 'export const it = (a: string): boolean => a == "1";',
  'eslint/no-unused-vars': 'const unused = 1;\nexport const it = 1;',
  'eslint/no-warning-comments': '// TODO later\nexport const it = 1;',
  'eslint/no-empty': 'export function it(): void { try { it(); } catch {} }',
  'eslint/no-console': 'console.log("x");\nexport const it = 1;',
  'eslint/no-var': 'export var it = 1;',
  'eslint/prefer-const': 'export function it(): number { let a = 1; return a; }',
  'eslint/no-throw-literal': 'export function it(): void { throw "no"; }',
  'eslint/prefer-promise-reject-errors': 'export const it = Promise.reject("no");',
  'eslint/preserve-caught-error': 'export function it(): void { try { it(); } catch (error) { throw new Error("no"); } }',
  'eslint/no-fallthrough': 'export function it(a: number): number { let b = 0; switch (a) { case 1: b = 1; case 2: b = 2; } return b; }',
  'eslint/default-case-last': 'export function it(a: number): number { switch (a) { default: return 0; case 2: return 2; } }',
  'eslint/no-self-compare': 'export const it = (a: number): boolean => a === a;',
  'eslint/no-return-assign': 'let a = 1;\nexport function it(): number { return a = 2; }',
  'eslint/array-callback-return': 'export const it = [1].map((a) => { a + 1; });',
  'eslint/no-new-func': 'export const it = new Function("return 1");',
  'eslint/no-implied-eval': 'export const it = setTimeout("alert()", 1);',
  'eslint/no-proto': 'export const it = (a: { __proto__: object }): object => a.__proto__;',
  'eslint/no-duplicate-imports':
    "import { join } from 'node:path';\nimport { dirname } from 'node:path';\nexport const it = [join, dirname];",
  'eslint/max-lines': Array.from({ length: 301 }, (_, line) => `export const it${line} = ${line};`).join('\n'),
  'import/no-duplicates': "import { join } from 'node:path';\nimport { dirname } from 'node:path';\nexport const it = [join, dirname];",
  'import/no-self-import': "import './SELF';\nexport const it = 1;",
  'import/no-mutable-exports': 'export let it = 1;\nit = 2;',
  'import/no-absolute-path': "import '/etc/it.js';\nexport const it = 1;",
  'node/no-process-env': 'export const it = process.env;',
  'unicorn/prefer-node-protocol': "import { join } from 'path';\nexport const it = join;",
  'unicorn/no-instanceof-builtins': 'export const it = (a: unknown): boolean => a instanceof Array;',
  'promise/no-multiple-resolved': 'export const it = new Promise<void>((resolve) => { resolve(); resolve(); });',
  'jest/no-disabled-tests': 'it.skip("waits", () => {});',
  'jest/no-focused-tests': 'it.only("runs alone", () => {});',
  'jest/no-identical-title': 'it("a", () => {});\nit("a", () => {});',
  'jest/no-commented-out-tests': '// it("sleeps", () => {});\nit("a", () => {});',
};

interface Report {
  readonly diagnostics: readonly { readonly code: string; readonly filename: string }[];
}

describe('lint rules', () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'leadgate-lint-rules-')));
  const found = new Map<string, string[]>();
  const fileOf = (rule: string): string => `libs/a/src/${rule.replace('/', '-')}${rule.startsWith('jest/') ? '.spec' : ''}.ts`;

  beforeAll(async () => {
    for (const [rule, source] of Object.entries(CASES)) {
      const file = join(folder, fileOf(rule));
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, `${source.replace('./SELF', `./${rule.replace('/', '-')}.js`)}\n`);
    }
    const oxlint = join(project, 'node_modules', 'oxlint', 'bin', 'oxlint');
    const { out } = await runNode([oxlint, '-c', join(project, '.oxlintrc.json'), '-f', 'json', '.'], { cwd: folder });
    for (const { code, filename } of (JSON.parse(out) as Report).diagnostics) {
      // "typescript(no-explicit-any)" → typescript/no-explicit-any
      const rule = code.replace(/^(?:eslint-plugin-)?([a-z]+)\((.+)\)$/, '$1/$2');
      found.set(filename, [...(found.get(filename) ?? []), rule]);
    }
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it.each(Object.keys(CASES))('%s', (rule) => {
    expect(found.get(fileOf(rule))).toContain(rule);
  });

  it('are each shown to fail, those of the category "correctness" aside', () => {
    const { rules } = JSON.parse(readFileSync(join(project, '.oxlintrc.json'), 'utf8')) as { rules: Record<string, unknown> };
    const on = Object.keys(rules).filter((rule) => rules[rule] !== 'off');
    expect(Object.keys(CASES).sort()).toEqual(on.sort());
  });
});
