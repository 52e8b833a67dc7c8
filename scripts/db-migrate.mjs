// npm run db:migrate: migrations and rights, then exit.
import { main } from './steps/main.mjs';
import { runSupervisor } from './steps/supervisor.mjs';

await main(() => runSupervisor('db-migrate', process.argv.slice(2)));
