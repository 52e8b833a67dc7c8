// npm run test:faults: what must hold when processes die, Postgres goes and the CRM lies. `npm run test:faults -- path` runs a part;
// LEADGATE_TEST_SEED=<number> repeats the random schedule that a failure printed.
import { main } from './steps/main.mjs';
import { runJest } from './steps/run-jest.mjs';

// One file after the other: they stop servers and processes, and the machine must not be busy with somebody else's.
await main(() => runJest({ config: 'jest.faults.config.js', jestArguments: ['--runInBand', ...process.argv.slice(2)] }));
