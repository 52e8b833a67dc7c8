/** One run of the load generator: requests from a seed, a report, and if wanted a ledger of what was acknowledged. */
import { createWriteStream, openSync } from 'node:fs';
import { finished } from 'node:stream/promises';
import { LeadRequests } from './lead-requests.js';
import type { LoadArguments } from './load-arguments.js';
import { runLoad, type LoadReport } from './load-run.js';

/** The id in `{"lead_id"}` (webhook, raw intake, guard) or `{"id"}` (own API); null when the answer names none. */
export function readLeadId(body: Buffer): string | null {
  try {
    const answer = JSON.parse(body.toString('utf8')) as { lead_id?: unknown; id?: unknown } | null;
    const id = answer?.lead_id ?? answer?.id;
    return id === undefined || id === null ? null : String(id);
  } catch {
    return null;
  }
}

export async function generateLoad({ ledger, ...given }: LoadArguments, signal: AbortSignal): Promise<LoadReport> {
  const requests = new LeadRequests(given);
  const acknowledged = ledger === undefined ? undefined : createWriteStream(ledger, { fd: openSync(ledger, 'a') });
  const report = await runLoad({
    ...given,
    signal,
    request: (number) => requests.request(number),
    ...(acknowledged && {
      onAcknowledged: (number, { status, body }) => {
        acknowledged.write(`${JSON.stringify({ number, key: requests.key(number), status, leadId: readLeadId(body) })}\n`);
      },
    }),
  });
  if (acknowledged !== undefined) {
    acknowledged.end();
    await finished(acknowledged);
  }
  return report;
}
