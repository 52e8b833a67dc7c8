import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { runningPostgresUrls, StartProblem } from '#platform';
import type { CommandContext } from '../command-context.js';
import { configuredUrls } from '../database-urls.js';
import { towardsDemoCrm } from '../demo-crm.js';
import { claimablePort } from '../ports.js';
import { say } from '../say.js';

const FIRST_PORT = 3001;
const LAST_PORT = 3099;

/**
 * `npm run gateway`: one more gateway beside a running `npm start`, on the same database, in this very process. It attaches to the server and
 * never stops it. Without PORT it takes the first free one from 3001.
 */
export async function runSecondGateway({ settings, projectRoot }: CommandContext): Promise<void> {
  const urls = configuredUrls(settings) ?? runningPostgresUrls(settings.files.dataDir);
  if (!urls) {
    throw new StartProblem(
      `No database runs on the data folder ${settings.files.dataDir}. Start Leadgate there first (npm start), or set DATABASE_URL.`,
    );
  }
  const port = process.env['PORT'] ? settings.http.port : await firstFreePort(settings.http.host);
  // Beside a demo CRM of npm start this one delivers to it too; with a database of one's own there need not be any.
  const crmPort =
    settings.database.url === undefined && settings.demo.enabled && settings.demo.crmPort !== 0 ? settings.demo.crmPort : null;
  delete process.env['MIGRATE_DATABASE_URL'];
  Object.assign(process.env, towardsDemoCrm(crmPort, process.env), {
    DATABASE_URL: urls.app,
    PORT: String(port),
    LEADGATE_DATA_DIR: settings.files.dataDir,
  });
  say(`gateway on http://${settings.http.host}:${port}`);
  await import(pathToFileURL(join(projectRoot, 'dist', 'apps', 'gateway', 'src', 'main.js')).href);
}

async function firstFreePort(host: string): Promise<number> {
  for (let port = FIRST_PORT; port < LAST_PORT; port += 1) {
    try {
      return await claimablePort(host, port, 'PORT', 'the gateway');
    } catch (error) {
      if (!(error instanceof StartProblem)) throw error;
    }
  }
  return claimablePort(host, LAST_PORT, 'PORT', 'the gateway');
}
