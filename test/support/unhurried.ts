import type { PgPoolOptions } from '#platform';

/**
 * Of a pool whose own limits are not what a test is about: a gateway's are those of a sender that waits (pg-pool.ts), and a slow machine, or
 * a process that stands still while one of its transactions holds a lock, runs into them now and then.
 */
export const UNHURRIED = {
  acquireTimeoutMs: 60_000,
  lockTimeoutMs: 30_000,
  statementTimeoutMs: 60_000,
  idleInTransactionTimeoutMs: 60_000,
} satisfies Partial<PgPoolOptions>;
