// npm test: everything the tests need (packages, client, build, a Postgres, a Redis when there is one), then jest. `npm test -- path` runs a part.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { buildSources } from './steps/build-sources.mjs';
import { generateClient } from './steps/generate-client.mjs';
import { checkNodeVersion, installPackages } from './steps/install-packages.mjs';
import { main } from './steps/main.mjs';
import { ClearError, progress, root } from './steps/project.mjs';
import { openTestFolder, removeTestFolder, startTestPostgres } from './steps/test-postgres.mjs';
import { startTestRedis } from './steps/test-redis.mjs';

/** Settings of the person's own gateway: a test must never meet their database or CRM. */
const NOT_FOR_TESTS =
  /^(LEADGATE_(?!TEST_|REQUIRE_REDIS)|CUSTOMER_|DATABASE_URL$|MIGRATE_DATABASE_URL$|REDIS_URL$|REDIS_CACHE_URL$|HOST$|PORT$|DEMO_CRM_PORT$|ATTRIBUTE_MAPPING_PATH$|WEBHOOK_SHARED_SECRET$)/;

await main(async () => {
  const jestArguments = process.argv.slice(2);
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
    // jest would keep its cache of compiled files in the temporary folder, which is another one in every run.
    const cache = ['--cacheDirectory', join(root, 'node_modules', '.cache', 'jest')];
    jest = spawn(process.execPath, [join(root, 'node_modules', 'jest', 'bin', 'jest.js'), ...cache, ...jestArguments], {
      cwd: root,
      // What tests make in the temporary folder goes when the run goes, also when Ctrl-C ends them in the middle.
      env: { ...ours, ...postgres.env, ...redis.env, TMPDIR: folder },
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
});
