import type { Job } from '#core';

/** Where the relay puts jobs. Throws when the queue did not take them; the caller sets the time limit. */
export interface JobQueue {
  add(jobs: readonly Job[]): Promise<void>;
}
