import type { IncomingMessage, ServerResponse } from 'node:http';
import { requestIdOf } from '#platform';
import type { Door } from '../door/door.js';
import type { DoorAnswer, ReceivedBody, RequestHead } from '../door/request-head.js';
import { BodyRoom } from './body-room.js';
import { peerAddressOf, RemoteAddresses } from './remote-address.js';

export interface LeadFrontOptions {
  readonly maxBodyBytes: number;
  readonly trustedProxies: readonly string[];
  /** A fault outside of everything the door answers for. */
  readonly onFault: (fault: unknown) => void;
}

/** Bodies read and not yet answered, all together: 64 of the largest. */
const MAX_BYTES_IN_FLIGHT = 64 * 1024 * 1024;
/** A sender that is still sending when it is answered gets this long, and may send this much, to read the answer before the socket closes. */
const LINGER_MS = 1000;
const LINGER_BYTES = 8 * 1024 * 1024;

/** The glue between node:http and the door. */
export class LeadFront {
  private readonly room: BodyRoom;
  private readonly addresses: RemoteAddresses;

  constructor(
    private readonly door: Door,
    private readonly options: LeadFrontOptions,
  ) {
    this.room = new BodyRoom(options.maxBodyBytes, MAX_BYTES_IN_FLIGHT);
    this.addresses = new RemoteAddresses(options.trustedProxies);
  }

  /**
   * Answers the request if it is the door's.
   * @param closing the server takes no further connections: this one ends with the answer
   * @returns false when somebody else has to answer it
   */
  take(request: IncomingMessage, response: ServerResponse, closing = false): boolean {
    const url = request.url ?? '/';
    const mark = url.indexOf('?');
    const path = withoutTrailingSlash(mark < 0 ? url : url.slice(0, mark));
    const method = request.method ?? 'GET';
    if (!this.door.serves(method, path)) return false;
    const peerAddress = peerAddressOf(request.socket.remoteAddress);
    const head: RequestHead = {
      method,
      path,
      query: mark < 0 ? null : url.slice(mark + 1),
      headers: request.headers,
      requestId: requestIdOf(request),
      peerAddress,
      remoteAddress: this.addresses.of(peerAddress, request.headers),
    };
    // A broken socket is an aborted body or an answer nobody reads; without a listener it would end the process.
    request.on('error', () => {});
    this.serve(head, request, response, closing).catch((fault: unknown) => {
      this.options.onFault(fault);
      if (response.headersSent) response.destroy();
      else response.writeHead(500, { 'content-length': '0' }).end();
    });
    return true;
  }

  private async serve(head: RequestHead, request: IncomingMessage, response: ServerResponse, closing: boolean): Promise<void> {
    let held = 0;
    try {
      const answer = await this.door.answer(head, async (): Promise<ReceivedBody> => {
        const body = await this.room.read(request);
        if (body.kind === 'whole') held = body.bytes.length;
        return body;
      });
      if (answer !== null) respond(request, response, answer, closing);
    } finally {
      this.room.leave(held);
    }
  }
}

function respond(request: IncomingMessage, response: ServerResponse, { status, headers, body }: DoorAnswer, closing: boolean): void {
  const unread = !request.complete;
  response.writeHead(status, {
    ...headers,
    'content-length': Buffer.byteLength(body),
    ...(unread || closing ? { connection: 'close' } : {}),
  });
  if (!unread) response.end(body);
  else linger(request, response, body);
}

/**
 * Sends the answer and goes on reading for a moment: closing a socket with unread bytes resets it, and the sender would lose the answer
 * that tells it to stop.
 */
function linger(request: IncomingMessage, response: ServerResponse, body: string): void {
  response.write(body);
  let unread = 0;
  const finish = (): void => {
    clearTimeout(timer);
    response.end();
  };
  const timer = setTimeout(finish, LINGER_MS);
  request.on('data', (chunk: Buffer) => {
    unread += chunk.length;
    if (unread > LINGER_BYTES) finish();
  });
  request.once('end', finish);
  request.once('close', finish);
  request.resume();
}

function withoutTrailingSlash(path: string): string {
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
}
