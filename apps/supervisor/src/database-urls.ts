import { EmbeddedPostgres, hasOwner, prepareDatabase, runningPostgresUrls, type Settings } from '#platform';
import { say } from './say.js';

/** Where the tables are, as seen by the commands of this app. */
export interface DatabaseUrls {
  readonly owner: string;
  readonly app: string;
  readonly readonly: string;
}

export interface OpenDatabase {
  readonly urls: DatabaseUrls;
  /** Whether the server was started for us, so that nobody else has brought its tables up to date. */
  readonly isOurs: boolean;
  close(): Promise<void>;
}

/**
 * The database of the settings, running: DATABASE_URL when set; else the embedded server, which is left alone when some process looks after it,
 * and otherwise started here and stopped again by `close`.
 */
export async function openDatabase(settings: Settings, projectRoot: string): Promise<OpenDatabase> {
  const { dataDir } = settings.files;
  const theirs = configuredUrls(settings) ?? (hasOwner(dataDir) ? runningPostgresUrls(dataDir) : null);
  if (theirs) return { urls: theirs, isOurs: false, close: async () => undefined };
  const server = await EmbeddedPostgres.start({ dataDir, projectRoot, report: say });
  return { urls: server.urls, isOurs: true, close: () => server.stop() };
}

/** Of DATABASE_URL and MIGRATE_DATABASE_URL; null when the embedded server is used. Nobody told us a read-only role of somebody else's server. */
export function configuredUrls(settings: Settings): DatabaseUrls | null {
  const { url, migrateUrl } = settings.database;
  return url === undefined ? null : { owner: migrateUrl ?? url, app: url, readonly: url };
}

/** Tables and rights brought up to date, with a line about what changed. */
export async function bringUpToDate(settings: Settings, urls: DatabaseUrls, projectRoot: string): Promise<void> {
  const setting = settings.database.migrateUrl === undefined ? 'DATABASE_URL' : 'MIGRATE_DATABASE_URL';
  const { appliedMigrations } = await prepareDatabase({ ownerUrl: urls.owner, appUrl: urls.app, projectRoot, setting });
  if (appliedMigrations.length > 0) say(`database migrated: ${appliedMigrations.join(', ')}`);
}
