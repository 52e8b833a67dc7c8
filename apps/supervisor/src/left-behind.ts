import { setTimeout as sleep } from 'node:timers/promises';
import { isSameProcess } from '#platform';
import type { ChildIdentity } from './data-dir-lock.js';
import { say } from './say.js';

const DRAIN_LIMIT_MS = 35_000;

/** Ends what a killed supervisor left running, as gently as that supervisor would have: the gateway among them still drains. */
export async function endLeftBehind(children: readonly ChildIdentity[]): Promise<void> {
  if (children.length === 0) return;
  say(`an earlier start was killed and left behind: ${children.map(({ name }) => name).join(', ')}; ending it first`);
  for (const { pid } of children) process.kill(pid, 'SIGTERM');
  const end = performance.now() + DRAIN_LIMIT_MS;
  while (children.some(isSameProcess) && performance.now() < end) await sleep(50);
  for (const { pid } of children.filter(isSameProcess)) process.kill(pid, 'SIGKILL');
}
