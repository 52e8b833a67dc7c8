import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { askNode, project } from './support/run-tool.js';

interface Breach {
  readonly rule: string;
  readonly path: string;
  readonly line: number;
  readonly what: string;
}

interface Case {
  readonly description: string;
  /** The breach that must be reported; null: none at all. */
  readonly rule: string | null;
  /** Which rules apply depends on the path. */
  readonly path: string;
  readonly source: string;
}

const CASES: readonly Case[] = [
  {
    description: 'import.meta in a lib',
    rule: 'import-meta-in-main-only',
    path: 'libs/audit/src/a.ts',
    source: 'export const here = import.meta.url;',
  },
  { description: 'import.meta in main.ts', rule: null, path: 'apps/gateway/src/main.ts', source: 'export const here = import.meta.url;' },
  {
    description: 'new Date() in core',
    rule: 'pure-code-takes-time-and-chance-as-arguments',
    path: 'libs/core/src/a.ts',
    source: 'export const now = (): Date => new Date();',
  },
  {
    description: 'Date.now() in a stage',
    rule: 'pure-code-takes-time-and-chance-as-arguments',
    path: 'libs/policy/src/policy.stage.ts',
    source: 'export const now = (): number => Date.now();',
  },
  {
    description: 'a random id in core',
    rule: 'pure-code-takes-time-and-chance-as-arguments',
    path: 'libs/core/src/b.ts',
    source: "import { randomUUID } from 'node:crypto';\nexport const id = (): string => randomUUID();",
  },
  {
    description: 'the environment in core',
    rule: 'pure-code-takes-time-and-chance-as-arguments',
    path: 'libs/core/src/c.ts',
    source: 'export const home = process.env;',
  },
  {
    description: 'a moment that was given, in core',
    rule: null,
    path: 'libs/core/src/d.ts',
    source: 'export const day = (at: string): Date => new Date(at);',
  },
  {
    description: 'a clock outside of core',
    rule: null,
    path: 'libs/platform/src/clock.ts',
    source: 'export const now = (): number => Date.now();',
  },
  {
    description: 'a call whose promise is dropped',
    rule: 'no-floating-promise',
    path: 'libs/delivery/src/a.ts',
    source: 'async function send(): Promise<void> {}\nexport function go(): void {\n  send();\n}',
  },
  {
    description: 'a chain that handles only success',
    rule: 'no-floating-promise',
    path: 'libs/delivery/src/b.ts',
    source: 'export function go(sent: Promise<number>): void {\n  sent.then((count) => count + 1);\n}',
  },
  {
    description: 'promises that are awaited, caught, kept or let go on purpose',
    rule: null,
    path: 'libs/delivery/src/c.ts',
    source:
      'let last: Promise<void> | undefined;\nexport async function go(sent: Promise<void>): Promise<void> {\n  await sent;\n  sent.catch(() => {}).finally(() => {});\n  last = sent;\n  void last;\n}',
  },
  {
    description: 'an async callback where the result is ignored',
    rule: 'no-promise-where-none-is-expected',
    path: 'libs/platform/src/a.ts',
    source: 'export const timer = setInterval(async () => {}, 10);',
  },
  {
    description: 'an async callback that is waited for',
    rule: null,
    path: 'libs/platform/src/b.ts',
    source: 'const run = async (work: () => Promise<void>): Promise<void> => work();\nexport const done = run(async () => {});',
  },
  {
    description: 'timers/promises in a spec',
    rule: 'no-sleep-in-specs',
    path: 'libs/audit/src/a.spec.ts',
    source: "import { setTimeout as sleep } from 'node:timers/promises';\nawait sleep(100);",
  },
  {
    description: 'a home-made sleep in a spec',
    rule: 'no-sleep-in-specs',
    path: 'libs/audit/src/b.spec.ts',
    source: 'await new Promise((resolve) => setTimeout(resolve, 100));',
  },
  {
    description: 'a lint waiver',
    rule: 'no-waivers',
    path: 'libs/audit/src/waiver.ts',
    source: '// oxlint-disable-next-line no-console\nexport const it = 1;',
  },
  {
    description: 'a type waiver within a function',
    rule: 'no-waivers',
    path: 'libs/audit/src/waiver-2.ts',
    source: 'export function it(): number {\n  // @ts-expect-error the types are wrong\n  return 1;\n}',
  },
  {
    description: 'a text that mentions a waiver',
    rule: null,
    path: 'libs/audit/src/text.ts',
    source: "export const text = '// eslint-disable is not allowed';",
  },
];

describe('source rules', () => {
  let breaches: readonly Breach[];
  beforeAll(async () => {
    const files = Object.fromEntries(CASES.map(({ path, source }) => [path, `${source}\nexport {};\n`]));
    breaches = await askNode<Breach[]>(join(__dirname, 'support', 'check-sources.mjs'), files);
  });

  it.each(CASES)('$description', ({ rule, path }) => {
    expect(breaches.filter((breach) => breach.path === path).map((breach) => breach.rule)).toEqual(rule === null ? [] : [rule]);
  });

  it('are each shown to fail', () => {
    const file = readFileSync(join(project, '.ci', 'checks', 'source-rules.mjs'), 'utf8');
    const names = [...file.matchAll(/^ {4}name: '([a-z-]+)'/gm)].map(([, name]) => name);
    expect([...new Set(CASES.flatMap(({ rule }) => rule ?? []))].sort()).toEqual([...names].sort());
  });
});
