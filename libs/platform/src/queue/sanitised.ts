import { sqlStateOf } from '../postgres/sql-state.js';

/**
 * Runs a job's work so that what BullMQ keeps of a failure (failedReason, stacktrace) names a class and a SQLSTATE, never a message:
 * database messages quote values of people.
 */
export async function sanitised(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const name = error instanceof Error ? error.name : 'Error';
    const safe = new Error(
      `${name}${sqlStateOf(error) === undefined ? '' : ` ${sqlStateOf(error)}`}: the rows stay due and are tried again`,
    );
    safe.stack = `${safe.message}`;
    throw safe;
  }
}
