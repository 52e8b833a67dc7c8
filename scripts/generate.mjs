// npm run generate: the Prisma client from prisma/schema.prisma, offline, and only when something changed.
import { generateClient } from './steps/generate-client.mjs';
import { main } from './steps/main.mjs';

await main(generateClient);
