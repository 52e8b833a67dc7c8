/** The load generator as a process of its own: see load-arguments.ts for its command line. Its last line on stdout is the report. */
import { generateLoad } from './generate-load.js';
import { readLoadArguments, USAGE } from './load-arguments.js';

const interrupted = new AbortController();
process.once('SIGINT', () => interrupted.abort());
process.once('SIGTERM', () => interrupted.abort());

try {
  const report = await generateLoad(readLoadArguments(process.argv.slice(2)), interrupted.signal);
  process.stdout.write(`${JSON.stringify(report)}\n`);
  if (report.requests === report.errors) process.exitCode = 1;
} catch (cause) {
  process.stderr.write(`${cause instanceof Error ? cause.message : String(cause)}\n${USAGE}\n`);
  process.exitCode = 2;
}
