// npm run studio: Prisma Studio on the read-only role.
import { main } from './steps/main.mjs';
import { runSupervisor } from './steps/supervisor.mjs';

await main(() => runSupervisor('studio', process.argv.slice(2)));
