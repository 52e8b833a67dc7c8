import { setTimeout as sleep } from 'node:timers/promises';
import { StartProblem } from './start-problem.js';

const STEP_MS = 50;

export async function pause(): Promise<void> {
  await sleep(STEP_MS);
}

/** Asks again every 50 ms until the attempt yields something. @throws StartProblem with this message when the limit passes */
export async function retryUntil<T>(limitMs: number, message: string, attempt: () => Promise<T | undefined>): Promise<T> {
  for (const end = performance.now() + limitMs; performance.now() < end; await pause()) {
    const result = await attempt();
    if (result !== undefined) return result;
  }
  throw new StartProblem(message);
}
