import { Server, ServerResponse } from 'node:http';

/**
 * Loaded into Prisma Studio's process before it starts. Its server reports nothing when CHECKPOINT_DISABLE is set, but its page does so from the
 * browser, which knows no environment. With this header the browser lets the page talk to its own server and to nobody else.
 */
const POLICY = "default-src 'self' data: blob: 'unsafe-inline' 'unsafe-eval'";

const emit = Server.prototype.emit;

Server.prototype.emit = function emitWithPolicy(this: Server, event: string | symbol, ...args: unknown[]): boolean {
  const [, response] = args;
  if (event === 'request' && response instanceof ServerResponse) response.setHeader('Content-Security-Policy', POLICY);
  return Reflect.apply(emit, this, [event, ...args]) as boolean;
};
