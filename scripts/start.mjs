// npm start: embedded Postgres, demo CRM and gateway, from a fresh clone with one command.
import { main } from './steps/main.mjs';
import { runSupervisor } from './steps/supervisor.mjs';

await main(() => runSupervisor('start', process.argv.slice(2)));
