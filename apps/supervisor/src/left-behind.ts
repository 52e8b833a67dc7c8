import { setTimeout as sleep } from 'node:timers/promises';
import { isSameProcess } from '#platform';
import type { ChildIdentity } from './data-dir-lock.js';
import { say } from './say.js';

const DRAIN_LIMIT_MS = 35_000;

/** Ends what a killed supervisor left running, in the order that supervisor would have: the gateway drains before the demo CRM it delivers to ends. */
export async function endLeftBehind(children: readonly ChildIdentity[]): Promise<void> {
  if (children.length === 0) return;
  say(`an earlier start was killed and left behind: ${children.map(({ name }) => name).join(', ')}; ending it first`);
  for (const child of children.toReversed()) {
    if (isSameProcess(child)) process.kill(child.pid, 'SIGTERM');
    const end = performance.now() + DRAIN_LIMIT_MS;
    while (isSameProcess(child) && performance.now() < end) await sleep(50);
    if (isSameProcess(child)) process.kill(child.pid, 'SIGKILL');
  }
}
