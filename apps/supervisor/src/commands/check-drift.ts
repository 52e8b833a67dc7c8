import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { computeDrift, EmbeddedPostgres, StartProblem } from '#platform';
import type { CommandContext } from '../command-context.js';
import { configuredUrls } from '../database-urls.js';
import { say } from '../say.js';

/** `npm run db:check`: fails when prisma/migrations and prisma/schema.prisma say different things. Needs no database of yours: it makes one and drops it. */
export async function checkDrift({ settings, projectRoot }: CommandContext): Promise<void> {
  const configured = configuredUrls(settings);
  const server = configured
    ? null
    : await EmbeddedPostgres.start({ dataDir: join(tmpdir(), `leadgate-check-${randomUUID()}`), projectRoot });
  try {
    const drift = await computeDrift({ url: configured?.owner ?? server?.urls.superuser ?? '', projectRoot });
    if (drift !== null) {
      throw new StartProblem(
        `prisma/migrations and prisma/schema.prisma differ. What a migration would still have to do to reach the schema:\n${drift}`,
      );
    }
    say('prisma/migrations and prisma/schema.prisma agree');
  } finally {
    await server?.destroy();
  }
}
