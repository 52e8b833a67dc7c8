import type { CommandContext } from '../command-context.js';
import { bringUpToDate, openDatabase } from '../database-urls.js';
import { say } from '../say.js';

/** `npm run db:migrate`: migrations and rights, then exit; the one-shot service of docker-compose.yml. */
export async function migrate({ settings, projectRoot }: CommandContext): Promise<void> {
  const database = await openDatabase(settings, projectRoot);
  try {
    await bringUpToDate(settings, database.urls, projectRoot);
    say('the database is up to date');
  } finally {
    await database.close();
  }
}
