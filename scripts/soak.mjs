// npm run soak -- --minutes 10: leads under a random schedule of faults, then the oracle. Progress on stderr, the result as one JSON line on stdout.
import { mkdtempSync, readFileSync, existsSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { main } from './steps/main.mjs';
import { ClearError, progress, root } from './steps/project.mjs';
import { runJest } from './steps/run-jest.mjs';

const USAGE = `Usage: npm run soak -- [--minutes 10 | --leads 20000] [--backend both | redis | postgres] [--seed N] [--rate 150] [--calm]

Sends leads while processes are killed, Postgres restarts, Redis is flushed and the CRM misbehaves, in an order that the seed decides; then
lets everything come to rest and holds three ledgers against each other: what was acknowledged, what Postgres has, what the CRM saw.
  --minutes  how long faults happen, on each backend
  --leads    until so many leads were acknowledged on each backend, instead
  --backend  where the queue is
  --seed     of the order of faults; a run prints its own
  --rate     leads a second
  --calm     no faults: for the memory alone
Exit code: 0 when every promise held, 1 when one did not, 2 when the command line is wrong.`;

const OPTIONS = {
  minutes: { type: 'string' },
  leads: { type: 'string' },
  backend: { type: 'string', default: 'both' },
  seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  rate: { type: 'string', default: '150' },
  calm: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
};

function readArguments() {
  try {
    const { values } = parseArgs({ args: process.argv.slice(2), options: OPTIONS });
    if (values.minutes !== undefined && values.leads !== undefined) throw new Error('Give --minutes or --leads, not both.');
    for (const name of ['minutes', 'leads', 'seed', 'rate'])
      if (values[name] !== undefined && !/^\d{1,9}(\.\d{1,3})?$/.test(values[name])) throw new Error(`--${name} must be a number.`);
    if (!['both', 'redis', 'postgres'].includes(values.backend)) throw new Error('--backend is one of both, redis, postgres.');
    return values;
  } catch (error) {
    return { problem: error.message };
  }
}

await main(async () => {
  const asked = readArguments();
  if (asked.problem !== undefined || asked.help) {
    (asked.help ? process.stdout : process.stderr).write(`${asked.help ? '' : `${asked.problem}\n\n`}${USAGE}\n`);
    process.exitCode = asked.help ? 0 : 2;
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), 'leadgate-soak-'));
  const { minutes, leads, backend, seed, rate, calm } = asked;
  const wish = {
    ...(leads === undefined ? { minutes: Number(minutes ?? 10) } : { leads: Number(leads) }),
    backend,
    rate: Number(rate),
    calm,
  };
  try {
    await runJest({
      config: 'jest.faults.config.js',
      jestArguments: [
        ...['--runInBand', '--testPathIgnorePatterns', '/node_modules/'],
        ...['--reporters', join(root, 'scripts', 'steps', 'only-failures.mjs')],
        ...['--runTestsByPath', join(root, 'test', 'faults', 'soak', 'soak.spec.ts')],
      ],
      env: { LEADGATE_TEST_SEED: seed, LEADGATE_TEST_SOAK: JSON.stringify({ ...wish, folder }) },
    });
    const report = join(folder, 'report.json');
    if (!existsSync(report)) throw new ClearError('The soak ended without a result; see above.');
    process.stdout.write(`${readFileSync(report, 'utf8').trim()}\n`);
  } finally {
    if (process.exitCode) progress(`what was acknowledged is in ${folder}`);
    else rmSync(folder, { recursive: true, force: true });
  }
});
