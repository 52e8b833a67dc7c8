import { runMigrations } from 'bullmq';
import pg from 'pg';
import { parseConnectionString } from './connection-string.js';
import { pinSynchronousCommit } from './durability.js';
import { applyMigrations } from './migrate.js';
import { grantRoles } from './roles.js';

export interface PrepareDatabaseOptions {
  /** A role that owns the tables. */
  readonly ownerUrl: string;
  /** The role of the gateway; the owner itself where there is only one. */
  readonly appUrl: string;
  /** The folder with prisma/ and node_modules/. */
  readonly projectRoot: string;
  /** Where ownerUrl came from, for error messages. */
  readonly setting?: string;
}

export interface PreparedDatabase {
  readonly appliedMigrations: readonly string[];
  /** Roles that were given their rights; empty on a server where ours were never created. */
  readonly grantedRoles: readonly string[];
}

/**
 * Everything a database needs before a gateway may use it, in this order: our tables, BullMQ's tables, rights, durable commits.
 * Doing it again changes nothing, and several processes may do it at once.
 */
export async function prepareDatabase(options: PrepareDatabaseOptions): Promise<PreparedDatabase> {
  const appliedMigrations = await applyMigrations({ url: options.ownerUrl, projectRoot: options.projectRoot, setting: options.setting });
  await migrateQueueTables(options.ownerUrl);
  const grantedRoles = await grantRoles({ ownerUrl: options.ownerUrl, appUrl: options.appUrl });
  await pinSynchronousCommit(options.appUrl);
  return { appliedMigrations, grantedRoles };
}

/** BullMQ's own migrations: it does not run them unasked, and the gateway's role may not create tables. It takes its own lock. */
async function migrateQueueTables(ownerUrl: string): Promise<void> {
  const client = new pg.Client({ ...parseConnectionString(ownerUrl).poolConfig, application_name: 'leadgate-migrate' });
  await client.connect();
  try {
    await runMigrations(client);
  } finally {
    await client.end();
  }
}
