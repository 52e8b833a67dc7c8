import { readdirSync } from 'node:fs';

/**
 * Who may import whom (npm run rules). Imports point one way:
 *
 *   apps → ingestion | pipeline | delivery | audit | reading | retention → the stage libs → core
 *
 * and platform (Postgres, queue, HTTP, settings, logs, metrics) stands beside them, for the files at the edge. A comment says what
 * a rule protects and how a breach is mended. test/rules/import-rules.spec.ts shows for every rule that it can fail.
 */

/** Libraries with a *.stage.ts in them. */
const stageLibs = readdirSync(new URL('libs', import.meta.url)).filter((lib) =>
  readdirSync(new URL(`libs/${lib}`, import.meta.url), { recursive: true }).some((file) => file.endsWith('.stage.ts')),
);
const STAGE_LIBS = `(${stageLibs.join('|')})`;
const SEGMENT_LIBS = '(ingestion|pipeline|delivery|reading|retention)';

/** npm packages and Node modules, as resolved (node_modules/pg/…) and as written where they are not installed. */
const packages = (...names) => `(^|node_modules/)(@types/)?(${names.join('|')})(/|$)`;
const node = (...names) => `^(node:)?(${names.join('|')})(/|$)`;

const DRIVERS = packages('pg', 'bullmq', '@nestjs/bullmq', 'ioredis', 'undici', '@prisma', 'prisma', '\\.prisma');
const NEST = packages('@nestjs/[^/]+');
/** Files that may touch the outside, by their role. */
const EDGE_FILES = '(\\.(module|controller|processor|destination|source)\\.ts|/(pg|prisma|bullmq|redis|http)-[^/]+\\.ts)$';
/** Files that decide and therefore may not. */
const DECIDING_FILES = '(\\.(stage|port)\\.ts|/(decide|classify|plan)-[^/]+\\.ts|/lead-pipeline\\.ts)$';
const SPECS = '(\\.spec\\.ts$|^test/|/testing/)';

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    {
      name: 'no-cycle',
      comment: 'A cycle makes load order decide what is undefined. Move what both need into a third file.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'core-is-pure',
      comment:
        'libs/core is the language of the product: it may be read, tested and reused without anything running. Only packages that ' +
        'compute and touch nothing are allowed, and node:crypto. Move the code to a lib, or pass the value in.',
      severity: 'error',
      from: { path: '^libs/core/', pathNot: SPECS },
      to: {
        pathNot: [
          '^libs/core/',
          packages('class-validator', 'class-transformer', 'reflect-metadata', 're2js', 'yaml', 'libphonenumber-js'),
          node('crypto'),
        ],
      },
    },
    {
      name: 'stages-decide-only',
      comment:
        'A *.stage.ts judges one lead from its facts. What it needs from outside comes through a port in the same folder, whose adapter ' +
        '(pg-*.ts) is bound in the module. It may not even reach a driver, Nest or platform through another file.',
      severity: 'error',
      from: { path: '\\.stage\\.ts$' },
      to: {
        path: [DRIVERS, NEST, '^libs/platform/', node('process', 'fs', 'child_process', 'http', 'https', 'net', 'dns')],
        reachable: true,
      },
    },
    {
      name: 'stages-do-not-know-each-other',
      comment:
        'A stage lib never imports another one: stages meet in libs/pipeline/src/lead-pipeline.ts and exchange facts. Put a shared shape into libs/core.',
      severity: 'error',
      from: { path: `^libs/${STAGE_LIBS}/`, pathNot: SPECS },
      to: { path: `^libs/${STAGE_LIBS}/`, pathNot: '^libs/$1/' },
    },
    {
      name: 'layers-point-inward',
      comment: 'Stage libs and the audit are called by the segments, never the other way round. Return the result instead of calling on.',
      severity: 'error',
      from: { path: `^libs/(${STAGE_LIBS}|audit)/`, pathNot: SPECS },
      to: { path: `^libs/${SEGMENT_LIBS}/` },
    },
    {
      name: 'stages-write-no-audit',
      comment: 'What a stage says is in the journey; the pipeline writes it, with the audit, in one transaction.',
      severity: 'error',
      from: { path: `^libs/${STAGE_LIBS}/`, pathNot: SPECS },
      to: { path: '^libs/audit/' },
    },
    {
      name: 'segments-hand-over-through-rows',
      comment:
        'Ingestion, pipeline and delivery hand a lead over through committed rows and the doorbell, so that a crash between them loses ' +
        'nothing. Nothing calls backwards, and nothing in the way of a lead needs the reading side; the quarantine is administration, not the way.',
      severity: 'error',
      from: { path: '^libs/(pipeline|delivery|ingestion)/', pathNot: [SPECS, '^libs/ingestion/src/quarantine/'] },
      to: { path: '^libs/(ingestion|delivery|reading)/', pathNot: '^libs/$1/' },
    },
    {
      name: 'delivery-does-not-decide',
      comment: 'Delivery sends the payload that was stored with the decision; it never runs the pipeline.',
      severity: 'error',
      from: { path: '^libs/delivery/', pathNot: SPECS },
      to: { path: `^libs/(pipeline|${STAGE_LIBS})/` },
    },
    {
      name: 'platform-knows-only-core',
      comment: 'libs/platform is adapters: it serves every lib and knows none but core. Give it a port or a callback.',
      severity: 'error',
      from: { path: '^libs/platform/', pathNot: SPECS },
      to: { path: '^(libs|apps)/', pathNot: '^libs/(platform|core)/' },
    },
    {
      name: 'platform-at-the-edge-of-stage-libs',
      comment: 'In a stage lib only modules and adapters (pg-*.ts, prisma-*.ts, redis-*.ts …) use platform.',
      severity: 'error',
      from: { path: `^libs/${STAGE_LIBS}/`, pathNot: [EDGE_FILES, SPECS] },
      to: { path: '^libs/platform/' },
    },
    {
      name: 'deciders-and-ports-stay-pure',
      comment:
        'A port says what is needed in the words of its user, and a decider (decide-*, classify-*, plan-*) maps facts to a verdict: neither may know what is behind it.',
      severity: 'error',
      from: { path: DECIDING_FILES },
      to: { path: ['^libs/platform/', DRIVERS, NEST] },
    },
    {
      name: 'drivers-in-adapters',
      comment:
        'Postgres, Prisma, BullMQ, Redis and undici are called by platform, by adapters named after them (pg-*.ts …), by modules and ' +
        'processors. A use case takes what it needs through its constructor; `import type` is fine.',
      severity: 'error',
      from: { path: '^libs/', pathNot: [EDGE_FILES, '^libs/platform/', SPECS] },
      to: { path: DRIVERS, dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'apps-are-on-top',
      comment: 'Libs are imported by apps, never the other way round.',
      severity: 'error',
      from: { path: '^libs/', pathNot: SPECS },
      to: { path: '^apps/' },
    },
    {
      name: 'apps-do-not-know-each-other',
      comment: 'Each app is a process of its own. What two of them need belongs into a lib.',
      severity: 'error',
      from: { path: '^apps/([^/]+)/', pathNot: SPECS },
      to: { path: '^apps/', pathNot: '^apps/$1/' },
    },
    {
      name: 'demo-crm-is-a-stranger',
      comment: 'The demo CRM plays the customer: it must be able to disagree with us, so it shares no code with the product.',
      severity: 'error',
      from: { path: '^apps/demo-crm/', pathNot: SPECS },
      to: { path: '^libs/' },
    },
    {
      name: 'libs-by-their-alias',
      comment:
        'Another lib is imported by its alias (#core, #audit …), which is its public face. Export from its index.ts what is needed there.',
      severity: 'error',
      from: { path: '^(?:libs|apps)/([^/]+)/' },
      to: { path: '^libs/', pathNot: '^libs/$1/', dependencyTypesNot: ['aliased'] },
    },
    {
      name: 'no-own-index',
      comment: "index.ts is a lib's public face; imported from inside its own lib it closes cycles. Import the file itself.",
      severity: 'error',
      from: { path: '^libs/([^/]+)/src/(?!index\\.ts$)' },
      to: { path: '^libs/$1/src/index\\.ts$' },
    },
    {
      name: 'no-test-code-in-the-product',
      comment: 'Specs, test support and benchmarks are not part of the built product.',
      severity: 'error',
      from: { path: '^(libs|apps)/', pathNot: SPECS },
      to: { path: [SPECS, '^bench/'] },
    },
    {
      name: 'no-dev-package-in-the-product',
      comment: 'The image installs production dependencies only. Move the package to "dependencies", or the code to a spec.',
      severity: 'error',
      from: { path: '^(libs|apps)/', pathNot: SPECS },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'], pathNot: 'node_modules/@types/' },
    },
    {
      name: 'no-undeclared-package',
      comment: 'A package that is there only because another one needs it may be gone tomorrow. Add it to package.json (npm i -E).',
      severity: 'error',
      from: { path: '^(libs|apps|bench|test|scripts)/' },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'], pathNot: '\\.prisma' },
    },
    {
      name: 'no-unresolvable',
      comment: 'The imported file or package does not exist.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    combinedDependencies: false,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|coverage|\\.leadgate)/' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types', 'require'],
      extensions: ['.ts', '.mjs', '.js', '.json'],
    },
  },
};
