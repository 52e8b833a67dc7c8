import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { within } from './eventually.js';

/** One request as the CRM received it, complete. */
export interface ReceivedRequest {
  readonly method: string;
  readonly path: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Number of the connection it came over, from 1. */
  readonly connectionNo: number;
}

/** What the CRM does with one request, on the bare socket. */
export type Answer = (socket: Socket, request: ReceivedRequest) => void;

const head = (status: number, headers: Record<string, string>): string =>
  `HTTP/1.1 ${status} ${status}\r\n${Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('')}\r\n`;

/** Everything a CRM does, good and bad. */
export const answers = {
  status:
    (status: number, { headers = {}, body = '' }: { headers?: Record<string, string>; body?: string } = {}): Answer =>
    (socket) => {
      socket.write(head(status, { 'content-type': 'application/json', 'content-length': `${Buffer.byteLength(body)}`, ...headers }) + body);
    },
  created: (): Answer => (socket, request) =>
    answers.status(201, { body: JSON.stringify({ id: `crm-${request.headers['idempotency-key']}` }) })(socket, request),
  html: (status: number): Answer =>
    answers.status(status, { headers: { 'content-type': 'text/html' }, body: '\n<!DOCTYPE html><html><body>Please log in</body></html>' }),
  redirect: (to: string): Answer => answers.status(302, { headers: { location: to } }),
  never: (): Answer => () => {},
  resetBeforeHeaders: (): Answer => (socket) => socket.resetAndDestroy(),
  resetInsideHeaders: (): Answer => (socket) => {
    socket.write('HTTP/1.1 201 Created\r\ncontent-le', () => socket.resetAndDestroy());
  },
  resetInsideBody:
    (status: number): Answer =>
    (socket) => {
      socket.write(`${head(status, { 'content-length': '1000' })}{"id":"crm-1"`);
      // The reset may overtake what was written; the client has to have read the head first.
      setTimeout(() => socket.resetAndDestroy(), 50);
    },
  closeAfterHead:
    (status: number): Answer =>
    (socket) => {
      socket.end(`${head(status, { 'content-length': '1000' })}{"id":`);
    },
  /** A byte every `everyMs`, forever. */
  dripBody:
    (status: number, everyMs: number): Answer =>
    (socket) => {
      socket.write(head(status, { 'transfer-encoding': 'chunked' }));
      drip(socket, '1\r\nx\r\n', everyMs);
    },
  dripHeaders:
    (everyMs: number): Answer =>
    (socket) => {
      socket.write('HTTP/1.1 201 Created\r\nx-slow: ');
      drip(socket, 'x', everyMs);
    },
  hugeBody:
    (status: number, bytes: number): Answer =>
    (socket) => {
      socket.write(head(status, { 'content-length': `${bytes}` }));
      const chunk = Buffer.alloc(64 * 1024, 'x');
      const write = (left: number): void => {
        if (left > 0 && !socket.destroyed) socket.write(chunk.subarray(0, left), () => write(left - chunk.length));
      };
      write(bytes);
    },
  hugeHeaders: (bytes: number): Answer => answers.status(201, { headers: { 'x-huge': 'x'.repeat(bytes) } }),
  garbage: (): Answer => (socket) => {
    socket.end('SSH-2.0-OpenSSH_9.2\r\n');
  },
  /** Answers, and closes the kept connection right after without saying so. */
  createdThenClosed: (): Answer => (socket, request) => {
    answers.created()(socket, request);
    socket.end();
  },
} as const;

function drip(socket: Socket, text: string, everyMs: number): void {
  const timer = setInterval(() => socket.write(text), everyMs);
  socket.on('close', () => clearInterval(timer));
}

/** A CRM on a free port that does exactly what a test tells it, down to the bytes on the socket. */
export class ScriptedCrm {
  readonly requests: ReceivedRequest[] = [];
  private readonly sockets = new Set<Socket>();
  private readonly planned: Answer[] = [];
  private usual: Answer = answers.created();
  private connections = 0;
  private waiting: (() => void)[] = [];

  readonly port: number;

  private constructor(private readonly server: Server) {
    this.port = (server.address() as AddressInfo).port;
    server.on('connection', (socket) => this.serve(socket));
  }

  static async start(): Promise<ScriptedCrm> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new ScriptedCrm(server);
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}/leads`;
  }

  get keys(): (string | undefined)[] {
    return this.requests.map(({ headers }) => headers['idempotency-key']);
  }

  /** The answers to the next requests, one each; after them `always` again. */
  next(...planned: Answer[]): this {
    this.planned.push(...planned);
    return this;
  }

  always(usual: Answer): this {
    this.usual = usual;
    return this;
  }

  /** Resolves when this many requests were received since the start. */
  async received(count: number): Promise<void> {
    const came = async (): Promise<void> => {
      while (this.requests.length < count) await new Promise<void>((resolve) => this.waiting.push(resolve));
    };
    await within(`the CRM has ${count} requests`, came(), () => `It has ${this.requests.length}.`);
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }

  private serve(socket: Socket): void {
    this.connections += 1;
    const connectionNo = this.connections;
    this.sockets.add(socket);
    socket.on('close', () => this.sockets.delete(socket));
    socket.on('error', () => {
      // The client may break off at any time: that is what some tests are about.
    });
    let buffered = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      buffered = Buffer.concat([buffered, chunk]);
      for (let parsed = parse(buffered, connectionNo); parsed !== undefined; parsed = parse(buffered, connectionNo)) {
        buffered = buffered.subarray(parsed.bytes);
        this.requests.push(parsed.request);
        (this.planned.shift() ?? this.usual)(socket, parsed.request);
        for (const wake of this.waiting.splice(0)) wake();
      }
    });
  }
}

function parse(buffered: Buffer, connectionNo: number): { request: ReceivedRequest; bytes: number } | undefined {
  const headEnd = buffered.indexOf('\r\n\r\n');
  if (headEnd < 0) return undefined;
  const [requestLine = '', ...lines] = buffered.subarray(0, headEnd).toString('latin1').split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  );
  const bytes = headEnd + 4 + Number(headers['content-length'] ?? 0);
  if (buffered.length < bytes) return undefined;
  const [method = '', path = ''] = requestLine.split(' ');
  return { request: { method, path, headers, body: buffered.subarray(headEnd + 4, bytes).toString('utf8'), connectionNo }, bytes };
}
