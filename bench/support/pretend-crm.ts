import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a pretended CRM does with every call: takes it, answers 500, or never answers. */
export type CrmManner = 'takes' | 'fails' | 'hangs';

export interface PretendCrm {
  readonly url: string;
  readonly calls: () => number;
  stop(): void;
}

/** Cheaper than the demo CRM, which keeps a ledger: what is measured is the gateway. */
export async function startPretendCrm(manner: CrmManner): Promise<PretendCrm> {
  let calls = 0;
  const server: Server = createServer((request, response) => {
    calls += 1;
    request.resume();
    if (manner === 'hangs') return;
    request.once('end', () => {
      response.writeHead(manner === 'takes' ? 201 : 500, { 'content-type': 'application/json' });
      response.end(manner === 'takes' ? `{"id":"crm-${calls}"}` : '{"error":"not today"}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/leads`,
    calls: () => calls,
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
