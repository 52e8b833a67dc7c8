import { types } from 'node:util';

/** SQLSTATE classes and states that mean "not now": connection, resources, shutdown; read-only server, lock and statement time-outs. */
const UNAVAILABLE_STATES = /^(08...|53...|57P..|25006|55P03|57014)$/;
const SOCKET_CODES = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENOTFOUND', 'EAI_AGAIN']);
/** How @prisma/adapter-pg names the same things. */
const ADAPTER_KINDS = new Set(['DatabaseNotReachable', 'ConnectionClosed', 'TooManyConnections', 'SocketTimeout', 'TlsConnectionError']);
/**
 * Prisma's own clock over a transaction (P2028): it could not begin within 2 s, or was not over within 5 s. The cause is not in the error. One that
 * is used after its end has the same code and is a fault of ours.
 */
const OUT_OF_TIME = /Unable to start a transaction in the given time|expired transaction/;
/** What `pg` and its pool say without any code. */
const PG_MESSAGES =
  /^(timeout exceeded when trying to connect|Connection terminated|Query read timeout|Client has encountered a connection error)/;

/**
 * Is the database away or overloaded, so that the same request may work later? Reads the errors of `pg`, of its pool and of Prisma with
 * adapter-pg (`meta.driverAdapterError.cause`); each form was seen with the server stopped, the pool exhausted, a table locked and a
 * backend terminated, or a transaction of Prisma out of time.
 */
export function isDatabaseUnavailable(error: unknown): boolean {
  if (!types.isNativeError(error)) return false;
  const code = textOf(error, 'code');
  if (code !== undefined && (UNAVAILABLE_STATES.test(code) || SOCKET_CODES.has(code))) return true;
  if (code === 'P2028' && OUT_OF_TIME.test(error.message)) return true;
  if (PG_MESSAGES.test(error.message)) return true;
  const cause = memberOf(memberOf(memberOf(error, 'meta'), 'driverAdapterError'), 'cause');
  const kind = textOf(cause, 'kind');
  const state = textOf(cause, 'originalCode');
  return (kind !== undefined && ADAPTER_KINDS.has(kind)) || (state !== undefined && UNAVAILABLE_STATES.test(state));
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

function textOf(value: unknown, name: string): string | undefined {
  const member = memberOf(value, name);
  return typeof member === 'string' ? member : undefined;
}
