import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { CommandContext } from '../command-context.js';
import { bringUpToDate, openDatabase } from '../database-urls.js';
import { claimablePort } from '../ports.js';
import { say } from '../say.js';
import { StopSignal } from '../stop-signal.js';

/** Prisma Studio's own usual port; taken, any free one does. */
const USUAL_PORT = 5555;
const HOST = '127.0.0.1';

/**
 * `npm run studio`: Prisma Studio on the read-only role, beside a running gateway or alone (then the database is started for it and stopped after
 * it). It opens no browser, downloads nothing and reports to nobody.
 */
export async function openStudio({ settings, projectRoot, parentPid }: CommandContext): Promise<void> {
  const stop = new StopSignal(parentPid);
  const database = await openDatabase(settings, projectRoot);
  try {
    if (database.isOurs) await bringUpToDate(settings, database.urls, projectRoot);
    const port = await claimablePort(HOST, USUAL_PORT, 'PORT', 'Prisma Studio').catch(() =>
      claimablePort(HOST, 0, 'PORT', 'Prisma Studio'),
    );
    const cli = join(projectRoot, 'node_modules', 'prisma', 'build', 'index.js');
    const preload = join(projectRoot, 'dist', 'apps', 'supervisor', 'src', 'prepare-studio.js');
    const studio = spawn(
      process.execPath,
      ['--import', pathToFileURL(preload).href, cli, 'studio', '--port', String(port), '--browser', 'none'],
      {
        cwd: projectRoot,
        // Of its output only the address is of interest, and that is said here; errors pass through.
        stdio: ['ignore', 'ignore', 'inherit'],
        detached: true,
        env: {
          ...process.env,
          LEADGATE_STUDIO_URL: database.urls.readonly,
          PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
          PRISMA_HIDE_UPDATE_MESSAGE: '1',
          CHECKPOINT_DISABLE: '1',
        },
      },
    );
    const ended = new Promise<number | null>((resolve) => studio.once('exit', resolve));
    process.stdout.write(`${welcome(port)}\n`);
    const outcome = await Promise.race([stop.asked.then(() => 'asked' as const), ended]);
    if (outcome === 'asked') studio.kill('SIGTERM');
    else {
      say(`Prisma Studio has ended (exit ${outcome})`);
      process.exitCode = 1;
    }
    await ended;
  } finally {
    await database.close();
    stop.release();
  }
}

/** Where to begin: the tables alone tell a newcomer little. */
function welcome(port: number): string {
  const at = (table: string, key: string): string => `http://localhost:${port}/#schema=public&table=${table}&view=table&sort=${key}:desc`;
  return [
    `leadgate: Prisma Studio is at http://localhost:${port} (read-only); Ctrl-C ends it`,
    `  every lead, what came, why it was decided so, what was sent, what to do:  ${at('support_leads', 'lead_id')}`,
    `  every request, also those that became no lead, and why:                   ${at('support_requests', 'request_id')}`,
  ].join('\n');
}
