import { PrismaPg } from '@prisma/adapter-pg';
import { PrismaClient } from '@prisma/client';
import { parseConnectionString } from './connection-string.js';
import { createPgPool, type PgPoolOptions } from './pg-pool.js';

/**
 * A Prisma client over a pool of ours, so that its waits have ends too (Prisma 7 sets none) and the schema of the connection string counts.
 * `$disconnect()` ends the pool.
 */
export function createPrismaClient(options: PgPoolOptions): PrismaClient {
  const { schema } = parseConnectionString(options.url);
  return new PrismaClient({ adapter: new PrismaPg(createPgPool(options), { schema, disposeExternalPool: true }) });
}
