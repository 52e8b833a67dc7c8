// npm run db:check: fails when migrations and schema.prisma differ.
import { main } from './steps/main.mjs';
import { runSupervisor } from './steps/supervisor.mjs';

await main(() => runSupervisor('db-check', process.argv.slice(2)));
