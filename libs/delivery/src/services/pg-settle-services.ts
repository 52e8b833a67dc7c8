import { isDeepStrictEqual } from 'node:util';
import type { AuditEventInput } from '#audit';
import {
  decideService,
  type DestinationId,
  type OperatorEventInput,
  type ServiceChange,
  type ServiceNews,
  type ServiceRecord,
} from '#core';
import { appendOperatorEvents } from '#operator-events';
import type { PoolClient } from '#platform';
import type { ClosedAttempt } from '../attempt.js';
import { lockServices, writeServices } from './pg-service-records.js';

/**
 * What the attempts told about their destinations, in the transaction that closes them: of many processes one sees a change of state, and
 * tells it. A success writes nothing unless its destination failed before, so while all is well no row is touched.
 *
 * @param troubled destinations of these attempts whose record has failures to forget
 * @returns what the trail is to say
 */
export async function settleServices(
  client: Pick<PoolClient, 'query'>,
  closed: readonly ClosedAttempt[],
  troubled: readonly DestinationId[],
): Promise<AuditEventInput[]> {
  const told = new Set([...closed.filter(tellsOfService).map(({ destinationId }) => destinationId), ...troubled]);
  if (told.size === 0) return [];
  const byService = new Map<DestinationId, ClosedAttempt[]>();
  for (const attempt of closed) {
    if (!told.has(attempt.destinationId)) continue;
    byService.set(attempt.destinationId, [...(byService.get(attempt.destinationId) ?? []), attempt]);
  }
  const services = [...byService].map(([id, [first]]) => ({ id, tenantId: (first as ClosedAttempt).tenantId }));
  const known = await lockServices(client, services);
  const changed: (readonly [DestinationId, ServiceRecord])[] = [];
  const events: Told[] = [];
  for (const [id, attempts] of byService) {
    const { record, now } = known.get(id) ?? {};
    const [first] = attempts;
    if (record === undefined || now === undefined || first === undefined) continue;
    const after = decideService(record, attempts.map(newsOf), first.service.rules, now);
    if (!isDeepStrictEqual(record, after.record)) changed.push([id, after.record]);
    for (const change of after.changes) events.push({ attempt: first, change, record: after.record });
  }
  if (changed.length > 0) await writeServices(client, changed);
  await appendOperatorEvents(client, events.map(operatorEvent));
  return events.map(auditEvent);
}

/** Something that may change the record of its destination; a plain success may only where there is something to forget. */
export function tellsOfService({ probe, service: { word, rules } }: ClosedAttempt): boolean {
  if (probe) return true;
  return (
    (word.health === 'fails' && rules.failures !== null) ||
    word.quietSeconds !== null ||
    word.tooFast ||
    word.pause !== null ||
    word.misdirected
  );
}

const newsOf = ({ probe, service: { word, subject, callsPerSecond } }: ClosedAttempt): ServiceNews => ({
  word,
  subject,
  probe,
  callsPerSecond,
});

interface Told {
  readonly attempt: ClosedAttempt;
  readonly change: ServiceChange;
  readonly record: ServiceRecord;
}

function operatorEvent({ attempt, change, record }: Told): OperatorEventInput {
  return { tenantId: attempt.tenantId, type: change, subject: attempt.destinationId, detail: detailOf(change, record) };
}

function auditEvent({ attempt, change, record }: Told): AuditEventInput {
  return {
    tenantId: attempt.tenantId,
    type: change,
    actor: attempt.actor,
    reason: change === 'destination.paused' ? (record.pause?.reason ?? null) : null,
    detail: { destination: attempt.destinationId, ...detailOf(change, record) },
  };
}

function detailOf(
  change: ServiceChange,
  { breaker, pause }: ServiceRecord,
): { failures: number } | { reason: string | null } | Record<string, never> {
  if (change === 'breaker.opened') return { failures: breaker.failures };
  return change === 'destination.paused' ? { reason: pause?.reason ?? null } : {};
}
