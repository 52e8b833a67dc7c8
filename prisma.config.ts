// For Prisma's own commands. The gateway connects by itself (libs/platform/src/postgres) and migrates with `npm run db:migrate`.
import { defineConfig } from 'prisma/config';

export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  // Set by `npm run studio`, to the read-only role. In the environment rather than in the arguments, which every user of a machine can list.
  datasource: { url: process.env['LEADGATE_STUDIO_URL'] ?? '' },
});
