// npm run bench -- <name>: builds what changed, then runs the benchmark of that name.
import { main } from './steps/main.mjs';
import { runBuilt } from './steps/run-built.mjs';

await main(() => runBuilt('bench/main.js'));
