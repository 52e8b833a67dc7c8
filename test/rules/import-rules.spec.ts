import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { askNode, project } from './support/run-tool.js';

/** path → source */
type Tree = Record<string, string>;

interface Breach {
  readonly rule: string;
  readonly from: string;
  readonly to: string;
}

interface Case {
  readonly rule: string;
  readonly description: string;
  readonly tree: Tree;
  readonly from: string;
}

const aliases = (JSON.parse(readFileSync(join(project, 'tsconfig.json'), 'utf8')) as { compilerOptions: { paths: object } }).compilerOptions
  .paths;

/** Every tree has the aliases of the real project; a lib that is not given is empty. */
const treeOf = (files: Tree): Tree => ({
  'tsconfig.json': JSON.stringify({
    compilerOptions: { module: 'nodenext', moduleResolution: 'nodenext', target: 'es2023', paths: aliases },
  }),
  'package.json': JSON.stringify({
    name: 'fixture',
    type: 'module',
    dependencies: Object.fromEntries(
      ['pg', 'bullmq', 'ioredis', '@nestjs/common', 'class-validator', 'libphonenumber-js'].map((name) => [name, '1.0.0']),
    ),
    devDependencies: { fastify: '1.0.0' },
  }),
  ...packageOf('pg'),
  ...packageOf('bullmq'),
  ...packageOf('ioredis'),
  ...packageOf('@nestjs/common'),
  ...packageOf('class-validator'),
  ...packageOf('libphonenumber-js'),
  ...packageOf('fastify'),
  ...packageOf('undeclared'),
  ...Object.fromEntries(Object.keys(aliases).map((alias) => [`libs/${alias.slice(1)}/src/index.ts`, 'export const face = 1;\n'])),
  ...files,
});

function packageOf(name: string): Tree {
  return {
    [`node_modules/${name}/package.json`]: JSON.stringify({ name, version: '1.0.0', type: 'module', exports: './index.js' }),
    [`node_modules/${name}/index.js`]: 'export const it = 1;\n',
  };
}

const value = (what: string): string => `import { it } from '${what}';\nexport const used = it;\n`;
const type = (what: string): string => `import type { It } from '${what}';\nexport type Used = It;\n`;

const CASES: readonly Case[] = [
  {
    rule: 'no-cycle',
    description: 'two files of one lib import each other',
    tree: { 'libs/audit/src/a.ts': value('./b.js'), 'libs/audit/src/b.ts': value('./a.js') },
    from: 'libs/audit/src/a.ts',
  },
  {
    rule: 'core-is-pure',
    description: 'core imports Nest',
    tree: { 'libs/core/src/a.ts': value('@nestjs/common') },
    from: 'libs/core/src/a.ts',
  },
  {
    rule: 'core-is-pure',
    description: 'core imports node:fs',
    tree: { 'libs/core/src/a.ts': value('node:fs') },
    from: 'libs/core/src/a.ts',
  },
  {
    rule: 'core-is-pure',
    description: 'core imports only a type of pg',
    tree: { 'libs/core/src/a.ts': type('pg') },
    from: 'libs/core/src/a.ts',
  },
  {
    rule: 'core-is-pure',
    description: 'core imports the audit',
    tree: { 'libs/core/src/a.ts': value('#audit') },
    from: 'libs/core/src/a.ts',
  },
  {
    rule: 'stages-decide-only',
    description: 'a stage imports Nest',
    tree: { 'libs/policy/src/policy.stage.ts': value('@nestjs/common') },
    from: 'libs/policy/src/policy.stage.ts',
  },
  {
    rule: 'stages-decide-only',
    description: 'a stage reaches Postgres through an adapter',
    tree: { 'libs/dedup/src/dedup.stage.ts': value('./pg-claims.js'), 'libs/dedup/src/pg-claims.ts': value('pg') },
    from: 'libs/dedup/src/dedup.stage.ts',
  },
  {
    rule: 'stages-decide-only',
    description: 'a stage reads files',
    tree: { 'libs/mapping/src/map.stage.ts': value('node:fs') },
    from: 'libs/mapping/src/map.stage.ts',
  },
  {
    rule: 'stages-do-not-know-each-other',
    description: 'policy imports dedup',
    tree: { 'libs/policy/src/a.ts': value('#dedup') },
    from: 'libs/policy/src/a.ts',
  },
  {
    rule: 'layers-point-inward',
    description: 'a stage lib imports the pipeline',
    tree: { 'libs/policy/src/a.ts': value('#pipeline') },
    from: 'libs/policy/src/a.ts',
  },
  {
    rule: 'layers-point-inward',
    description: 'the audit imports delivery',
    tree: { 'libs/audit/src/a.ts': value('#delivery') },
    from: 'libs/audit/src/a.ts',
  },
  {
    rule: 'stages-write-no-audit',
    description: 'a stage lib imports the audit',
    tree: { 'libs/dedup/src/a.ts': value('#audit') },
    from: 'libs/dedup/src/a.ts',
  },
  {
    rule: 'segments-hand-over-through-rows',
    description: 'the pipeline calls delivery',
    tree: { 'libs/pipeline/src/a.ts': value('#delivery') },
    from: 'libs/pipeline/src/a.ts',
  },
  {
    rule: 'segments-hand-over-through-rows',
    description: 'delivery calls back into ingestion',
    tree: { 'libs/delivery/src/a.ts': value('#ingestion') },
    from: 'libs/delivery/src/a.ts',
  },
  {
    rule: 'delivery-does-not-decide',
    description: 'delivery maps again',
    tree: { 'libs/delivery/src/a.ts': value('#mapping') },
    from: 'libs/delivery/src/a.ts',
  },
  {
    rule: 'platform-knows-only-core',
    description: 'platform imports the audit',
    tree: { 'libs/platform/src/a.ts': value('#audit') },
    from: 'libs/platform/src/a.ts',
  },
  {
    rule: 'platform-at-the-edge-of-stage-libs',
    description: 'a file of a stage lib that is neither module nor adapter uses platform',
    tree: { 'libs/dedup/src/windows.ts': value('#platform') },
    from: 'libs/dedup/src/windows.ts',
  },
  {
    rule: 'deciders-and-ports-stay-pure',
    description: 'a port speaks of platform',
    tree: { 'libs/pipeline/src/lead-store.port.ts': type('#platform') },
    from: 'libs/pipeline/src/lead-store.port.ts',
  },
  {
    rule: 'deciders-and-ports-stay-pure',
    description: 'a decider imports Nest',
    tree: { 'libs/delivery/src/classify-answer.ts': value('@nestjs/common') },
    from: 'libs/delivery/src/classify-answer.ts',
  },
  {
    rule: 'drivers-in-adapters',
    description: 'a use case imports pg',
    tree: { 'libs/ingestion/src/accept-lead.ts': value('pg') },
    from: 'libs/ingestion/src/accept-lead.ts',
  },
  {
    rule: 'apps-are-on-top',
    description: 'a lib imports an app',
    tree: { 'libs/reading/src/a.ts': value('../../../apps/cli/src/b.js'), 'apps/cli/src/b.ts': 'export const it = 1;\n' },
    from: 'libs/reading/src/a.ts',
  },
  {
    rule: 'apps-do-not-know-each-other',
    description: 'the CLI imports the gateway',
    tree: { 'apps/cli/src/a.ts': value('../../gateway/src/b.js'), 'apps/gateway/src/b.ts': 'export const it = 1;\n' },
    from: 'apps/cli/src/a.ts',
  },
  {
    rule: 'demo-crm-is-a-stranger',
    description: 'the demo CRM imports core',
    tree: { 'apps/demo-crm/src/a.ts': value('#core') },
    from: 'apps/demo-crm/src/a.ts',
  },
  {
    rule: 'libs-by-their-alias',
    description: 'a lib reaches into another one by path',
    tree: { 'libs/reading/src/a.ts': value('../../core/src/b.js'), 'libs/core/src/b.ts': 'export const it = 1;\n' },
    from: 'libs/reading/src/a.ts',
  },
  {
    rule: 'libs-by-their-alias',
    description: 'an app imports an index.ts by path',
    tree: { 'apps/cli/src/a.ts': value('../../../libs/core/src/index.js') },
    from: 'apps/cli/src/a.ts',
  },
  {
    rule: 'no-own-index',
    description: 'a file imports its own lib by path',
    tree: { 'libs/audit/src/a.ts': value('./index.js') },
    from: 'libs/audit/src/a.ts',
  },
  {
    rule: 'no-own-index',
    description: 'a file imports its own lib by alias',
    tree: { 'libs/audit/src/a.ts': value('#audit') },
    from: 'libs/audit/src/a.ts',
  },
  {
    rule: 'no-test-code-in-the-product',
    description: 'a lib imports test support',
    tree: { 'libs/audit/src/a.ts': value('../../../test/support/b.js'), 'test/support/b.ts': 'export const it = 1;\n' },
    from: 'libs/audit/src/a.ts',
  },
  {
    rule: 'no-dev-package-in-the-product',
    description: 'an app imports a dev dependency',
    tree: { 'apps/gateway/src/a.ts': value('fastify') },
    from: 'apps/gateway/src/a.ts',
  },
  {
    rule: 'no-undeclared-package',
    description: 'an app imports what only another package needs',
    tree: { 'apps/gateway/src/a.ts': value('undeclared') },
    from: 'apps/gateway/src/a.ts',
  },
  {
    rule: 'no-unresolvable',
    description: 'a file that does not exist',
    tree: { 'libs/audit/src/a.ts': value('./gone.js') },
    from: 'libs/audit/src/a.ts',
  },
];

/** What the architecture wants people to write: no rule may object. */
const ALLOWED: Tree = {
  'libs/core/src/a.ts': value('class-validator') + "export { createHash } from 'node:crypto';\n",
  'libs/dedup/src/dedup.stage.ts': value('#core') + type('./claims.port.js'),
  'libs/dedup/src/claims.port.ts': type('#core'),
  'libs/dedup/src/pg-claims.ts': value('pg') + value('#platform').replaceAll('it', 'also').replaceAll('used', 'usedToo'),
  'libs/dedup/src/dedup.module.ts': value('@nestjs/common'),
  'libs/normalisation/src/normalise.stage.ts': value('libphonenumber-js'),
  'libs/pipeline/src/lead-pipeline.ts': value('#dedup'),
  'libs/pipeline/src/process-leads.ts': type('#platform'),
  'libs/pipeline/src/process-leads.processor.ts': value('bullmq'),
  'libs/audit/src/append.ts': type('pg'),
  'libs/platform/src/queue/queue.ts': value('bullmq'),
  'apps/gateway/src/gateway.module.ts': value('#pipeline'),
  'libs/pipeline/src/process-leads.spec.ts': value('fastify'),
};

describe('import rules', () => {
  let found: Record<string, Breach[]>;
  beforeAll(async () => {
    const breaking = CASES.map(({ tree }, index) => [`case-${index}`, treeOf(tree)]);
    found = await askNode(join(__dirname, 'support', 'cruise-fixtures.mjs'), { ...Object.fromEntries(breaking), allowed: treeOf(ALLOWED) });
  });

  it.each(CASES.map((one, index) => ({ ...one, index })))('$rule: $description', ({ rule, from, index }) => {
    expect(found[`case-${index}`]?.map((breach) => `${breach.rule} in ${breach.from}`)).toContain(`${rule} in ${from}`);
  });

  it('let pass what the architecture asks for', () => {
    expect(found['allowed']).toEqual([]);
  });

  it('are each shown to fail', () => {
    const file = readFileSync(join(project, '.dependency-cruiser.mjs'), 'utf8');
    const names = [...file.matchAll(/^ {6}name: '([a-z-]+)'/gm)].map(([, name]) => name);
    expect([...new Set(CASES.map(({ rule }) => rule))].sort()).toEqual([...names].sort());
  });
});
