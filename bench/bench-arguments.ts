/** The command line of npm run bench. */
import { parseArgs } from 'node:util';
import { type BenchContext, COLLECTORS } from './bench-context.js';
import { benchDeliver } from './deliver.js';
import { benchFairness } from './fairness.js';
import { benchGuard } from './guard.js';
import { benchIngest } from './ingest.js';
import { benchIsolation } from './isolation.js';
import { benchTelemetry } from './telemetry.js';

export const BENCHMARKS = {
  ingest: benchIngest,
  deliver: benchDeliver,
  guard: benchGuard,
  isolation: benchIsolation,
  fairness: benchFairness,
  telemetry: benchTelemetry,
};
const ACCELERATORS = ['none', 'bloom', 'redis', 'bloom,redis'];
type BenchName = keyof typeof BENCHMARKS;
/** Without `--rounds`, where three are too few: the p95 of one round is that of 30 to 240 leads, and two of the same differ by more than a tenth. */
const USUAL_ROUNDS: Partial<Record<BenchName, string>> = { isolation: '12', fairness: '12' };

export const USAGE = `Usage: npm run bench -- <${Object.keys(BENCHMARKS).join(' | ')}> [options]

  ingest     requests per second against a floor (node:http), Express 5 and a hand-built peer, by turns
             [--rounds 3] [--seconds 6]
  deliver    leads per second from the first POST to the last DELIVERED, on Redis and on the Postgres queue
             [--rounds 3]
  guard      verdicts per second, their latency and how right they are, for messy labelled leads
             [--leads 100000] [--seed 1] [--concurrency 64] [--again] [--restart] [--accelerators ${ACCELERATORS.join(' | ')}]
             --again sends the same leads a second time, --restart once more after the gateway was started anew
  isolation  how long a lead takes to a healthy destination, alone and beside one that hangs and one that answers 500, by turns
             [--rounds 12] [--seconds 6]
  fairness   how long a lead of one tenant takes, alone, beside one that sends 95 % of all, with as many of its own, and while the other sends
             3,000 at once, by turns
             [--rounds 12] [--seconds 6]
  telemetry  verdicts per second without a StatsD collector, with an absent one and with one that never reads, by turns
             [--rounds 3] [--concurrency 64] [--collector ${COLLECTORS.join(' | ')}]

The last line on stdout is the result as JSON. Exit code: 0, 1 when it failed, 2 when the command line is wrong.`;

type Options = Omit<BenchContext, 'root' | 'say'>;
export type BenchArguments = { readonly help: true } | { readonly help: false; readonly name: BenchName; readonly options: Options };

export function readBenchArguments(args: readonly string[]): BenchArguments | { readonly problem: string } {
  try {
    return read(args);
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}

function read(args: readonly string[]): BenchArguments {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      rounds: { type: 'string' },
      seconds: { type: 'string', default: '6' },
      leads: { type: 'string', default: '100000' },
      seed: { type: 'string', default: '1' },
      concurrency: { type: 'string', default: '64' },
      again: { type: 'boolean', default: false },
      restart: { type: 'boolean', default: false },
      accelerators: { type: 'string', default: 'none' },
      collector: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return { help: true };
  const [name = '', ...others] = positionals;
  if (!isBenchName(name)) throw new Error(name === '' ? 'Name a benchmark.' : `There is no benchmark "${name}".`);
  if (others.length > 0) throw new Error(`"${others.join(' ')}" is too much: one benchmark at a time.`);
  const collector = COLLECTORS.find((state) => state === values.collector);
  if (values.collector !== undefined && collector === undefined) throw new Error(`--collector is one of ${COLLECTORS.join(', ')}.`);
  const { accelerators } = values;
  if (!ACCELERATORS.includes(accelerators)) throw new Error(`--accelerators is one of ${ACCELERATORS.join(' · ')}.`);
  return {
    help: false,
    name,
    options: {
      rounds: wholeNumber('--rounds', values.rounds ?? USUAL_ROUNDS[name] ?? '3', 1, 1000),
      seconds: wholeNumber('--seconds', values.seconds, 1, 86_400),
      leads: wholeNumber('--leads', values.leads, 1, 1_000_000),
      // Above it the phone numbers of two seeds meet; 189 is the seed of the warm-up.
      seed: wholeNumber('--seed', values.seed, 0, 188),
      concurrency: wholeNumber('--concurrency', values.concurrency, 1, 10_000),
      again: values.again,
      restart: values.restart,
      accelerators,
      collector,
    },
  };
}

const isBenchName = (name: string): name is BenchName => Object.hasOwn(BENCHMARKS, name);

function wholeNumber(option: string, text: string, least: number, most: number): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw new Error(`${option} must be a whole number from ${least} to ${most}.`);
}
