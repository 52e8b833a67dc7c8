import { types } from 'node:util';

/** SQLSTATE of an error of `pg`, or undefined for anything else. */
export function sqlStateOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  const { code } = error as { code: unknown };
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
}

/** Deadlock or serialization failure: the same statement may succeed when repeated. */
export function isRepeatable(error: unknown): boolean {
  const state = sqlStateOf(error);
  return state === '40P01' || state === '40001';
}

/** Classes 22 (data exception) and 23 (integrity constraint): the fault lies in a row, not in the server. */
export function isDataError(error: unknown): boolean {
  const state = sqlStateOf(error);
  return state !== undefined && (state.startsWith('22') || state.startsWith('23'));
}

/** Statements that cannot be run (21, 42), what Postgres does not do (0A): the code is wrong, or not of this database. */
const WRONG_STATEMENTS = ['0A', '21', '42'];
const WRONG_CODE = [TypeError, RangeError, ReferenceError, SyntaxError];

/** The same work would fail again, however often and on whichever connection: the fault lies in a row, in a statement or in the code. */
export function isPermanentFault(error: unknown): boolean {
  const state = sqlStateOf(error);
  if (state === undefined) return WRONG_CODE.some((kind) => error instanceof kind);
  return isDataError(error) || WRONG_STATEMENTS.includes(state.slice(0, 2));
}

/**
 * The server went away, refuses or is out of reach: whether a commit took effect is not known. Classes 08, 53 and 57P, and errors
 * without any SQLSTATE (sockets, pool time-outs).
 */
export function isConnectionLoss(error: unknown): boolean {
  const state = sqlStateOf(error);
  if (state === undefined) return types.isNativeError(error);
  return state.startsWith('08') || state.startsWith('53') || state.startsWith('57P');
}
