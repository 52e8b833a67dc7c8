// npm test: everything but the faults (npm run test:faults). `npm test -- path` runs a part.
import { main } from './steps/main.mjs';
import { runJest } from './steps/run-jest.mjs';

await main(() => runJest({ config: 'jest.config.js', jestArguments: process.argv.slice(2) }));
