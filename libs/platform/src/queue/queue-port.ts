import type { Job, WorkKind } from '#core';

/** Where the relay puts jobs. Methods throw when the queue does not answer; the caller sets the time limit. */
export interface JobQueue {
  add(jobs: readonly Job[]): Promise<void>;
  /** No job of this kind waits or is in anybody's hands. */
  isEmpty(kind: WorkKind): Promise<boolean>;
}
