import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { buildSources } from './build-sources.mjs';
import { generateClient } from './generate-client.mjs';
import { checkNodeVersion, installPackages } from './install-packages.mjs';
import { ClearError, progress, root } from './project.mjs';
import { openTestFolder, removeTestFolder, startTestPostgres } from './test-postgres.mjs';
import { startTestRedis } from './test-redis.mjs';

/** Settings of the person's own gateway: a test must never meet their database or CRM. */
const NOT_FOR_TESTS =
  /^(LEADGATE_(?!TEST_|REQUIRE_REDIS)|CUSTOMER_|DATABASE_URL$|MIGRATE_DATABASE_URL$|REDIS_URL$|REDIS_CACHE_URL$|HOST$|PORT$|DEMO_CRM_PORT$|ATTRIBUTE_MAPPING_PATH$|WEBHOOK_SHARED_SECRET$)/;

/**
 * Everything the tests need (packages, client, build, a Postgres, a Redis when there is one), then jest, then all of it away again.
 * Sets the exit code.
 * @param {{ config: string, jestArguments: string[], env?: Record<string, string> }} run the name of a jest configuration beside package.json
 */
export async function runJest({ config, jestArguments, env = {} }) {
  checkNodeVersion();
  await installPackages();
  await generateClient();
  const compiles = await buildSources({ onTypeErrors: 'report' });

  const stops = [];
  let jest;
  let interrupted = false;
  // Ctrl-C reaches jest by itself; it ends, and then everything below is cleared away as after any run.
  const passOn = (signal) => {
    interrupted = true;
    jest?.kill(signal);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, passOn);
  try {
    const folder = await openTestFolder();
    stops.push(() => removeTestFolder(folder));
    const postgres = await startTestPostgres(folder);
    stops.push(postgres.stop);
    const redis = await startTestRedis(folder);
    stops.push(redis.stop);

    if (interrupted) throw new ClearError('interrupted before the first test');
    const ours = Object.fromEntries(Object.entries(process.env).filter(([name]) => !NOT_FOR_TESTS.test(name)));
    const known = ['--config', join(root, config), '--cacheDirectory', join(root, 'node_modules', '.cache', 'jest')];
    jest = spawn(process.execPath, [join(root, 'node_modules', 'jest', 'bin', 'jest.js'), ...known, ...jestArguments], {
      cwd: root,
      // What tests make in the temporary folder goes when the run goes, also when Ctrl-C ends them in the middle. Not jest's cache of
      // compiled files, which it would keep there too.
      env: { ...ours, ...postgres.env, ...redis.env, ...env, TMPDIR: folder },
      stdio: 'inherit',
    });
    process.exitCode = await new Promise((resolve) => jest.once('close', (code) => resolve(code ?? 1)));
  } finally {
    for (const stop of stops.reverse()) await stop();
  }
  if (!compiles) {
    progress('the sources do not compile; see the errors above, or: npm run types');
    if (jestArguments.length === 0) process.exitCode = 1;
  }
}
