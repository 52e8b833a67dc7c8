import { Server, ServerResponse, type IncomingMessage } from 'node:http';
import { tellKeysOfViews } from './tell-keys-of-views.js';

/**
 * Loaded into Prisma Studio's process before it starts.
 *
 * Its server reports nothing when CHECKPOINT_DISABLE is set, but its page does so from the browser, which knows no environment. With this header
 * the browser lets the page talk to its own server and to nobody else. And the page is told what tells the rows of our views apart.
 */
const POLICY = "default-src 'self' data: blob: 'unsafe-inline' 'unsafe-eval'";
/** Where the page asks for what stands in the database. */
const QUERIES = '/bff';

const emit = Server.prototype.emit;

Server.prototype.emit = function emitPrepared(this: Server, event: string | symbol, ...args: unknown[]): boolean {
  const [request, response] = args as [IncomingMessage, unknown];
  if (event === 'request' && response instanceof ServerResponse) {
    response.setHeader('Content-Security-Policy', POLICY);
    if (request.url === QUERIES) rewriteBody(response, tellKeysOfViews);
  }
  return Reflect.apply(emit, this, [event, ...args]) as boolean;
};

/** Holds back what is written until all of it is there. Studio sends its answers in chunks, without a length that would be wrong afterwards. */
function rewriteBody(response: ServerResponse, rewrite: (body: string) => string): void {
  const chunks: Buffer[] = [];
  const keep = (chunk: unknown): void => {
    if (typeof chunk === 'string' || chunk instanceof Uint8Array) chunks.push(Buffer.from(chunk));
  };
  const end = response.end.bind(response);
  response.write = (chunk: unknown): boolean => {
    keep(chunk);
    return true;
  };
  response.end = (chunk?: unknown): ServerResponse => {
    keep(chunk);
    return end(rewrite(Buffer.concat(chunks).toString('utf8')));
  };
}
