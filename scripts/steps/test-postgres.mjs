import { randomBytes } from 'node:crypto';
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ClearError, progress, root } from './project.mjs';
import { endAbandonedRedis } from './test-redis.mjs';

const REMOVAL_LIMIT_MS = 15_000;
const FOLDER_PREFIX = 'leadgate-test-';
const platform = (file) => import(join(root, 'dist', 'libs', 'platform', 'src', 'postgres', file));

/** A temporary folder for this run, after those of runs that were killed have been cleared away together with what they left running. */
export async function openTestFolder() {
  const { destroyAbandonedPostgres } = await platform('embedded-postgres.js');
  const { isAlive } = await platform('embedded/process-identity.js');
  for (const name of readdirSync(tmpdir()).filter((entry) => entry.startsWith(FOLDER_PREFIX))) {
    // Another run may be between making its folder and starting its server: the folder says whose it is.
    const folder = join(tmpdir(), name);
    const isOurs = statSync(folder, { throwIfNoEntry: false })?.uid === process.getuid?.();
    if (!isOurs || isAlive(Number(name.slice(FOLDER_PREFIX.length).split('-')[0]))) continue;
    endAbandonedRedis(folder);
    await destroyAbandonedPostgres(folder);
  }
  const folder = mkdtempSync(join(tmpdir(), `${FOLDER_PREFIX}${process.pid}-`));
  // The user Postgres runs as has to get through; what is in there is mode 600.
  chmodSync(folder, 0o711);
  return folder;
}

/**
 * A Postgres for one test run and in it a migrated template database, which every test file clones.
 * LEADGATE_TEST_SERVER_URL (a superuser of a Postgres 14 or newer) takes the place of the embedded server.
 * @returns {Promise<{ env: Record<string, string>, stop: () => Promise<void> }>} env is what test/support/test-database.ts reads
 */
export async function startTestPostgres(folder) {
  const external = process.env.LEADGATE_TEST_SERVER_URL;
  const { EmbeddedPostgres } = await platform('embedded-postgres.js');
  const server = external ? null : await EmbeddedPostgres.start({ dataDir: join(folder, 'postgres'), projectRoot: root });
  const superuserUrl = external ?? server.urls.superuser;
  const template = `leadgate_template_${randomBytes(4).toString('hex')}`;
  try {
    const password = await makeTemplate(superuserUrl, template);
    return {
      env: { LEADGATE_TEST_DATABASE_URL: withDatabase(superuserUrl, template), LEADGATE_TEST_ROLE_PASSWORD: password },
      stop: async () => {
        if (server) await server.destroy();
        else await onServer(superuserUrl, (client) => client.query(`DROP DATABASE IF EXISTS ${template} WITH (FORCE)`));
      },
    };
  } catch (error) {
    await server?.destroy();
    throw error;
  }
}

async function makeTemplate(superuserUrl, template) {
  const { createRoles, OWNER_ROLE, APP_ROLE } = await platform('roles.js');
  const { prepareDatabase } = await platform('prepare-database.js');
  const password = randomBytes(16).toString('hex');
  await onServer(superuserUrl, async (client) => {
    await createRoles(client, { owner: password, app: password, readonly: password });
    await client.query(`CREATE DATABASE ${template} OWNER ${OWNER_ROLE} TEMPLATE template0 ENCODING 'UTF8'`);
  });
  const as = (role) => Object.assign(new URL(withDatabase(superuserUrl, template)), { username: role, password }).href;
  await prepareDatabase({ ownerUrl: as(OWNER_ROLE), appUrl: as(APP_ROLE), projectRoot: root });
  return password;
}

async function onServer(url, body) {
  const { default: pg } = await import('pg');
  const client = new pg.Client({ connectionString: url });
  try {
    await client.connect();
  } catch (error) {
    throw new ClearError(
      `The test server does not answer (${error.message}). LEADGATE_TEST_SERVER_URL must name a superuser of a running Postgres.`,
    );
  }
  try {
    await body(client);
  } finally {
    await client.end();
  }
}

function withDatabase(url, database) {
  return Object.assign(new URL(url), { pathname: `/${database}` }).href;
}

/** After Ctrl-C, processes that a test started may just be on their way out and still write into it. */
export async function removeTestFolder(folder) {
  for (const end = performance.now() + REMOVAL_LIMIT_MS; ; await sleep(200)) {
    try {
      rmSync(folder, { recursive: true, force: true });
      break;
    } catch (error) {
      if (performance.now() > end) throw error;
    }
  }
  progress('test servers stopped and removed');
}
