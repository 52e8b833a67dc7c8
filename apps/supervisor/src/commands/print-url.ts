import { embeddedPostgresUrls, runningPostgresUrls } from '#platform';
import type { CommandContext } from '../command-context.js';
import { configuredUrls } from '../database-urls.js';

/**
 * `npm run --silent db:url [-- --owner]`: the read-only connection string, or the owner's. Nothing is started for it; while nothing runs it is
 * the one the next start will answer to, unless another program takes the port meanwhile.
 */
export async function printUrl({ settings, args }: CommandContext): Promise<void> {
  const { dataDir } = settings.files;
  const urls = configuredUrls(settings) ?? runningPostgresUrls(dataDir) ?? embeddedPostgresUrls(dataDir);
  process.stdout.write(`${args.includes('--owner') ? urls.owner : urls.readonly}\n`);
}
