import type { DecisionEvent } from '#core';

/** The names older dashboards read. */
const PREFIX = 'leg.';

export const counterLine = (name: string, count: number): string => `${PREFIX}${name}:${count}|c`;
export const gaugeLine = (name: string, value: number): string => `${PREFIX}${name}:${value}|g`;

export type LatencyBucket = 'fast' | 'normal' | 'slow' | 'very_slow';

/** Under 10, 50 and 200 ms; each limit belongs to the slower side. */
export function latencyBucketOf(latencyMs: number): LatencyBucket {
  if (latencyMs < 10) return 'fast';
  if (latencyMs < 50) return 'normal';
  return latencyMs < 200 ? 'slow' : 'very_slow';
}

/** The counters one decision adds one to. A check is skipped only when the index is unavailable, so both names mean the same cause. */
export function countersOf(event: DecisionEvent): string[] {
  return [
    `decision.${event.decision.toLowerCase()}`,
    `latency.${latencyBucketOf(event.latencyMs)}`,
    `source.${event.sourceType.toLowerCase()}`,
    ...(event.duplicateCheckSkipped ? ['duplicate_check_skipped', 'degraded_mode'] : []),
  ];
}

/** One line per counter for many decisions. */
export function addedUp(events: readonly DecisionEvent[]): string[] {
  const counts = new Map<string, number>();
  for (const event of events) for (const name of countersOf(event)) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].map(([name, count]) => counterLine(name, count));
}
