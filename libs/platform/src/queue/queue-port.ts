import type { Job } from '#core';

/** Where the relay puts jobs. Methods throw when the queue does not answer; the caller sets the time limit. */
export interface JobQueue {
  add(jobs: readonly Job[]): Promise<void>;
  /** Changes when jobs may have been lost: the queue was emptied, its server was started again or is another one. */
  incarnation(): Promise<string>;
}
