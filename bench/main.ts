/** npm run bench -- <name>: progress on stderr, the result as one JSON line at the end of stdout. */
import { resolve } from 'node:path';
import { BENCHMARKS, readBenchArguments, USAGE } from './bench-arguments.js';
import { killEverything } from './support/processes.js';

const read = readBenchArguments(process.argv.slice(2));
if ('problem' in read || read.help) {
  const problem = 'problem' in read ? `${read.problem}\n\n` : '';
  (problem === '' ? process.stdout : process.stderr).write(`${problem}${USAGE}\n`);
  process.exit(problem === '' ? 0 : 2);
}

process.once('SIGINT', () => {
  killEverything();
  process.exit(130);
});

try {
  const result = await BENCHMARKS[read.name]({
    ...read.options,
    root: resolve(import.meta.dirname, '../..'),
    say: (line) => process.stderr.write(`${line}\n`),
  });
  process.stdout.write(`${JSON.stringify(result)}\n`);
} catch (error) {
  process.stderr.write(`The benchmark failed: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
} finally {
  killEverything();
}
