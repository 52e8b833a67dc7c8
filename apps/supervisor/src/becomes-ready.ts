import { setTimeout as sleep } from 'node:timers/promises';
import { say } from './say.js';
import type { StopSignal } from './stop-signal.js';

/** A first start on a slow disk takes about this long; whoever waits longer wants to know why. */
const PATIENCE_MS = 30_000;
const POLL_MS = 100;
const ANSWER_LIMIT_MS = 2_000;

/** Polls until the gateway answers 200; says what is in the way when that takes long. false when a stop was asked for meanwhile. */
export async function becomesReady(url: string, stop: StopSignal): Promise<boolean> {
  let remindAt = performance.now() + PATIENCE_MS;
  while (!stop.isAsked) {
    const obstacle = await whatIsInTheWay(url);
    if (obstacle === null) return true;
    if (performance.now() > remindAt) {
      say(`the gateway is not ready yet: ${obstacle.slice(0, 500)}`);
      remindAt += PATIENCE_MS;
    }
    await Promise.race([sleep(POLL_MS), stop.asked]);
  }
  return false;
}

async function whatIsInTheWay(url: string): Promise<string | null> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(ANSWER_LIMIT_MS) });
    const text = await response.text();
    return response.status === 200 ? null : `${response.status} ${text}`;
  } catch (error) {
    return String(error instanceof Error ? (error.cause ?? error.message) : error);
  }
}
