import { types } from 'node:util';

/** What `pg` and its pool say without a code of their own. */
const CODES_OF_MESSAGES: readonly (readonly [RegExp, string])[] = [
  [/^timeout exceeded when trying to connect/, 'NO_FREE_CONNECTION'],
  [/^Query read timeout/, 'DATABASE_DOES_NOT_ANSWER'],
  [/^(Connection terminated|Client has encountered a connection error)/, 'CONNECTION_LOST'],
];

/**
 * A code for the log: SQLSTATE, the code of a socket or of ours; of what has none itself, that of its cause. Never a message: those of Postgres
 * may repeat values.
 */
export function faultCodeOf(fault: unknown): string | undefined {
  if (!types.isNativeError(fault)) return undefined;
  const { code, cause } = fault as { code?: unknown; cause?: unknown };
  if (typeof code === 'string') return code;
  return CODES_OF_MESSAGES.find(([message]) => message.test(fault.message))?.[1] ?? faultCodeOf(cause);
}
