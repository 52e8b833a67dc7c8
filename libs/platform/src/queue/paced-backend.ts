import { setTimeout as pause } from 'node:timers/promises';
import type { BackendFactory, IQueueBackend } from 'bullmq';

const AFTER_A_FAILURE_MS = 250;

/**
 * A worker that is refused a job asks again at once. While Postgres ends every session at its door (recovery, too many connections), one process
 * tried 170 times a second (measured), and a Redis that may not be written to is no better off: so a refusal takes a moment to arrive.
 */
export function paced<Backend extends IQueueBackend, Connection>(
  createBackend: BackendFactory<Backend, Connection>,
): BackendFactory<Backend, Connection> {
  return (...parts) => {
    const backend = createBackend(...parts);
    const moveToActive = backend.moveToActive.bind(backend);
    backend.moveToActive = (...asked) =>
      moveToActive(...asked).catch(async (error: unknown) => {
        await pause(AFTER_A_FAILURE_MS);
        throw error;
      });
    return backend;
  };
}
