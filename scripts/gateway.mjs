// npm run gateway: one more gateway beside a running npm start, on the same database.
import { main } from './steps/main.mjs';
import { runSupervisor } from './steps/supervisor.mjs';

await main(() => runSupervisor('gateway', process.argv.slice(2)));
