/** The command line of the load generator. */
import { parseArgs } from 'node:util';
import { MAX_REQUESTS } from './lead-requests.js';

export const USAGE = `Usage: node dist/bench/support/load-generator.js --url URL (--seconds S | --count N)
  [--connections 64] [--seed 1] [--idempotency] [--ledger FILE] [--header "Name: value"]… [--timeout 30]
Posts unique leads that the demo tenant accepts and prints {"requests","ok","non2xx","errors","rps","p50_ms","p95_ms","p99_ms"}.
--ledger appends {"number","key","status","leadId"} per acknowledged lead. Ctrl-C ends the run early, with its report.
Exit code: 0, or 1 when nothing was answered, 2 when the command line is wrong.`;

export interface LoadArguments {
  url: URL;
  stop: { count: number } | { seconds: number };
  connections: number;
  seed: number;
  idempotency: boolean;
  ledger: string | undefined;
  headers: string[];
  timeoutMs: number;
}

/** Throws an Error whose message says what to mend. */
export function readLoadArguments(argv: readonly string[]): LoadArguments {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      url: { type: 'string' },
      seconds: { type: 'string' },
      count: { type: 'string' },
      connections: { type: 'string', default: '64' },
      seed: { type: 'string', default: '1' },
      idempotency: { type: 'boolean', default: false },
      ledger: { type: 'string' },
      header: { type: 'string', multiple: true, default: [] },
      timeout: { type: 'string', default: '30' },
    },
  });
  if ((values.seconds === undefined) === (values.count === undefined)) throw new Error('Give either --seconds or --count.');
  const stop =
    values.seconds === undefined
      ? { count: readNumber('--count', values.count, 1, MAX_REQUESTS) }
      : { seconds: readNumber('--seconds', values.seconds, 0.001, 86_400, false) };
  for (const header of values.header) {
    if (!/^[A-Za-z0-9-]+: *[\x20-\x7e]*$/.test(header)) throw new Error('A --header is written as "Name: value".');
  }
  return {
    url: readUrl(values.url),
    stop,
    connections: readNumber('--connections', values.connections, 1, 10_000),
    seed: readNumber('--seed', values.seed, 0, 999_999),
    idempotency: values.idempotency,
    ledger: values.ledger,
    headers: values.header,
    timeoutMs: readNumber('--timeout', values.timeout, 0.001, 3600, false) * 1000,
  };
}

function readUrl(text: string | undefined): URL {
  const url = URL.canParse(text ?? '') ? new URL(text ?? '') : undefined;
  if (url?.protocol !== 'http:') throw new Error('--url must be an http:// address, such as http://127.0.0.1:3000/webhooks/leads.');
  return url;
}

function readNumber(name: string, text: string | undefined, min: number, max: number, whole = true): number {
  const number = Number(text);
  if (text !== undefined && number >= min && number <= max && (!whole || Number.isInteger(number))) return number;
  throw new Error(`${name} must be a ${whole ? 'whole number' : 'number'} from ${min} to ${max}.`);
}
