// npm run --silent db:url [-- --owner]: the read-only connection string, or the owner's.
import { main } from './steps/main.mjs';
import { runSupervisor } from './steps/supervisor.mjs';

await main(() => runSupervisor('db-url', process.argv.slice(2)));
