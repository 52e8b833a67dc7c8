import { writeSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { FailpointName } from './failpoint-names.js';
import type { ArmedFailpoint } from './read-failpoints.js';

interface Place {
  readonly armed: ArmedFailpoint;
  hits: number;
}

/** Of this process. Empty unless LEADGATE_FAILPOINTS is set, which needs LEADGATE_ALLOW_FAILPOINTS. */
let places: readonly Place[] = [];

/** An error of a failpoint with the verb throw. */
export class FailpointReached extends Error {
  readonly code = 'failpoint_reached';
  constructor(readonly failpoint: FailpointName) {
    super(`failpoint ${failpoint}`);
    this.name = 'FailpointReached';
  }
}

/** Once, at the start of a process; an empty list takes everything back. */
export function armFailpoints(armed: readonly ArmedFailpoint[]): void {
  places = armed.map((one) => ({ armed: one, hits: 0 }));
}

/**
 * A place where tests of faults break in: `await failpoint('accept_after_commit')`. Unless one is armed it costs a comparison.
 * @param subject what the place is about just now, for a failpoint that is meant for one lead
 * @throws FailpointReached with the verb throw
 */
export function failpoint(name: FailpointName, subject?: string): Promise<void> | undefined {
  return places.length === 0 ? undefined : reach(name, subject);
}

async function reach(name: FailpointName, subject: string | undefined): Promise<void> {
  for (const place of places) {
    const { armed } = place;
    if (armed.name !== name || (armed.subject !== null && armed.subject !== subject)) continue;
    place.hits += 1;
    if (armed.hit === null || armed.hit === place.hits) await perform(armed);
  }
}

async function perform({ name, verb, milliseconds }: ArmedFailpoint): Promise<void> {
  // At once and past the log: with the verbs kill and stop nothing that waits to be written ever is.
  writeSync(2, `${JSON.stringify({ level: 'warn', msg: 'failpoint', failpoint: name, verb })}\n`);
  switch (verb) {
    case 'kill':
      process.kill(process.pid, 'SIGKILL');
      // The signal ends the process before anything after this line, but not before this line returns.
      return delay(60_000);
    case 'stop':
      process.kill(process.pid, 'SIGSTOP');
      return;
    case 'throw':
      throw new FailpointReached(name);
    case 'crash':
      setImmediate(() => {
        throw new FailpointReached(name);
      });
      return delay(60_000);
    case 'sleep':
      return delay(milliseconds);
    case 'block':
      for (const until = performance.now() + milliseconds; performance.now() < until;);
  }
}
