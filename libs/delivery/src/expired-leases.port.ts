import type { AttemptRef } from './attempt.js';

/** Attempts whose process went away before it closed them. Abstract class, so that it is also the injection token. */
export abstract class ExpiredLeases {
  /** The longest expired first. */
  abstract find(limit: number): Promise<readonly AttemptRef[]>;
  /** What to do with them cannot be said now: looked at again later, with the reason to be read. */
  abstract postpone(attempts: readonly AttemptRef[], seconds: number, reason: string): Promise<void>;
}
