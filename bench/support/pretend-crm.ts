import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a pretended CRM does with every call: takes it, answers 500, or never answers. */
export type CrmManner = 'takes' | 'fails' | 'hangs';

export interface PretendCrm {
  readonly url: string;
  readonly calls: () => number;
  /** From now on; calls that hang are taken as soon as it takes. */
  become(manner: CrmManner): void;
  stop(): void;
}

/** Cheaper than the demo CRM, which keeps a ledger: what is measured is the gateway. */
export async function startPretendCrm(manner: CrmManner): Promise<PretendCrm> {
  let now = manner;
  let calls = 0;
  const hanging: ServerResponse[] = [];
  const answer = (response: ServerResponse): void => {
    if (now === 'hangs') {
      hanging.push(response);
      return;
    }
    response.writeHead(now === 'takes' ? 201 : 500, { 'content-type': 'application/json' });
    response.end(now === 'takes' ? `{"id":"crm-${calls}"}` : '{"error":"not today"}');
  };
  const server = createServer((request, response) => {
    calls += 1;
    request.resume();
    request.once('end', () => answer(response));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/leads`,
    calls: () => calls,
    become: (next) => {
      now = next;
      for (const response of hanging.splice(0)) answer(response);
    },
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
