import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** How one request for a lead is answered. */
export type GraphAnswer = (response: ServerResponse) => void;

const json =
  (status: number, body: unknown, headers: Record<string, string> = {}): GraphAnswer =>
  (response) => {
    response.writeHead(status, { 'content-type': 'application/json; charset=UTF-8', ...headers }).end(JSON.stringify(body));
  };

/** An error as the documentation shows it ("Handle Errors"). */
const error = (status: number, code: number, more: object = {}): GraphAnswer =>
  json(status, { error: { message: 'Message describing the error', type: 'OAuthException', code, ...more, fbtrace_id: 'EJplcsCHuLu' } });

/** The documented answers of the Graph API, and what else can happen on the way to it. */
export const graphAnswers = {
  revokedToken: error(400, 190, { error_subcode: 460 }),
  unknownId: error(400, 100, { type: 'GraphMethodException', error_subcode: 33 }),
  tooManyCalls: error(400, 80_005),
  fault: error(500, 2, { is_transient: true }),
  reset: ((response) => response.socket?.resetAndDestroy()) as GraphAnswer,
  cutOff: ((response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
    response.write('{"id":', () => response.socket?.destroy());
  }) as GraphAnswer,
} as const;

export interface GraphRequest {
  readonly id: string;
  readonly path: string;
  readonly authorization: string | undefined;
}

/** Meta's Graph API as far as leads are read from it, on a free port. It knows the leads it was given and refuses other tokens. */
export class FakeGraph {
  readonly requests: GraphRequest[] = [];
  private readonly fields = new Map<string, Readonly<Record<string, readonly string[]>>>();
  private readonly planned = new Map<string, GraphAnswer[]>();

  private constructor(
    private readonly server: Server,
    private readonly token: string,
  ) {
    server.on('request', (request: IncomingMessage, response: ServerResponse) => this.serve(request, response));
  }

  static async start(token: string): Promise<FakeGraph> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new FakeGraph(server, token);
  }

  get baseUrl(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/v21.0`;
  }

  /** @param fields name in the form → values */
  has(id: string, fields: Readonly<Record<string, readonly string[]>>): this {
    this.fields.set(id, fields);
    return this;
  }

  /** The answers to the next requests for this lead; after them it answers as documented. */
  next(id: string, ...answers: GraphAnswer[]): this {
    this.planned.set(id, [...(this.planned.get(id) ?? []), ...answers]);
    return this;
  }

  /** Answers the next request for this lead only when told. */
  holdNext(id: string): { asked: Promise<void>; release: () => void } {
    let asked = (): void => {};
    let held: ServerResponse | undefined;
    const whenAsked = new Promise<void>((resolve) => {
      asked = resolve;
    });
    this.next(id, (response) => {
      held = response;
      asked();
    });
    return { asked: whenAsked, release: () => held && this.usual(id)(held) };
  }

  requestsFor(id: string): GraphRequest[] {
    return this.requests.filter((request) => request.id === id);
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  private serve({ method, url = '', headers: { authorization } }: IncomingMessage, response: ServerResponse): void {
    const id = /^\/v21\.0\/(\d+)\?/.exec(url)?.[1];
    if (method !== 'GET' || id === undefined) return graphAnswers.unknownId(response);
    this.requests.push({ id, path: url, authorization });
    const planned = this.planned.get(id)?.shift();
    if (planned !== undefined) return planned(response);
    if (authorization !== `Bearer ${this.token}`) return graphAnswers.revokedToken(response);
    this.usual(id)(response);
  }

  private usual(id: string): GraphAnswer {
    const fields = this.fields.get(id);
    if (fields === undefined) return graphAnswers.unknownId;
    const field_data = Object.entries(fields).map(([name, values]) => ({ name, values }));
    return json(200, { created_time: '2026-11-22T08:00:00+0000', id, ad_id: '6032512345678', form_id: '551111744595541', field_data });
  }
}
