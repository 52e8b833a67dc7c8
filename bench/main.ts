/** npm run bench -- <name>: progress on stderr, the result as one JSON line at the end of stdout. */
import { parseArgs } from 'node:util';
import { resolve } from 'node:path';
import type { BenchContext } from './bench-context.js';
import { benchDeliver } from './deliver.js';
import { benchIngest } from './ingest.js';
import { killEverything } from './support/processes.js';

const BENCHMARKS = { ingest: benchIngest, deliver: benchDeliver };
const USAGE = `Usage: npm run bench -- <${Object.keys(BENCHMARKS).join(' | ')}> [--rounds 3] [--seconds 6]

  ingest   requests per second against a floor (node:http), Express 5 and a hand-built peer, by turns
  deliver  leads per second from the first POST to the last DELIVERED, on Redis and on the Postgres queue

The last line on stdout is the result as JSON. Exit code: 0, 1 when it failed, 2 when the command line is wrong.`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '6' },
    help: { type: 'boolean', default: false },
  },
});
const name = positionals[0];
if (values.help || name === undefined || !(name in BENCHMARKS)) {
  (values.help ? process.stdout : process.stderr).write(`${USAGE}\n`);
  process.exit(values.help ? 0 : 2);
}

process.once('SIGINT', () => {
  killEverything();
  process.exit(130);
});

const context: BenchContext = {
  root: resolve(import.meta.dirname, '../..'),
  rounds: Number(values.rounds),
  seconds: Number(values.seconds),
  say: (line) => process.stderr.write(`${line}\n`),
};
try {
  const result = await BENCHMARKS[name as keyof typeof BENCHMARKS](context);
  process.stdout.write(`${JSON.stringify(result)}\n`);
} catch (error) {
  process.stderr.write(`The benchmark failed: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
} finally {
  killEverything();
}
