import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

/** Nest 12 is ESM-only and jest runs CommonJS, so everything, node_modules included, goes through swc (cached on disk). */
const { imports } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'));
const libs = Object.keys(imports).map((alias) => alias.slice(1));

export default {
  testEnvironment: 'node',
  // Suites mostly wait for Postgres and for processes; jest itself would run one at a time on two cores.
  maxWorkers: Math.max(2, availableParallelism() - 1),
  // For broken code, not for slow machines, and no test or hook has a shorter one: what waits for a fact gives up before, after 120 s, and says
  // for what (test/support/eventually.ts). One whose waits may together be longer on a slow machine has a longer one of its own.
  testTimeout: 300_000,
  // A process that takes longer to end is said to leak. Jest's 500 ms are too few for one that has run a hundred suites: with 870 MB and nothing
  // open it took up to 1.5 s on a loaded machine. A pool that a suite leaves open keeps its process for the 10 s after which pg lets go of it.
  workerGracefulExitTimeout: 8000,
  roots: ['<rootDir>/libs', '<rootDir>/apps', '<rootDir>/test'],
  testMatch: ['**/*.spec.ts'],
  // npm run test:faults runs those.
  testPathIgnorePatterns: ['/node_modules/', '<rootDir>/test/faults/'],
  moduleNameMapper: {
    ...Object.fromEntries(libs.map((lib) => [`^#${lib}$`, `<rootDir>/libs/${lib}/src/index.ts`])),
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  transform: {
    '^.+\\.(t|j|mj)s$': [
      '@swc/jest',
      {
        jsc: {
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
          target: 'es2022',
        },
        module: { type: 'commonjs' },
      },
    ],
  },
  transformIgnorePatterns: ['node_modules/(?!(@nestjs|uuid|@prisma/schema-engine-wasm)/)'],
};
