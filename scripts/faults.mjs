// npm run test:faults: what must hold when processes die, Postgres goes and the CRM lies. `npm run test:faults -- path` runs a part;
// LEADGATE_TEST_SEED=<number> repeats the random schedule that a failure printed.
import { main } from './steps/main.mjs';
import { runJest } from './steps/run-jest.mjs';

// Most of the time is waiting for processes that start. Each file has its own database, and what it stops or freezes is its own, too; more
// than two at once would need more memory than a small machine has.
await main(() => runJest({ config: 'jest.faults.config.js', jestArguments: ['--maxWorkers=2', ...process.argv.slice(2)] }));
