import { createSocket } from 'node:dgram';
import type { DecisionEvent, TenantId } from '#core';

/** A StatsD collector on a free UDP port of this machine that keeps every line. */
export interface Collector {
  readonly port: number;
  readonly datagrams: readonly Buffer[];
  lines(): string[];
  close(): Promise<void>;
}

export async function startCollector(port = 0): Promise<Collector> {
  const socket = createSocket('udp4');
  const datagrams: Buffer[] = [];
  socket.on('message', (message) => datagrams.push(message));
  await new Promise<void>((resolve) => socket.bind(port, '127.0.0.1', resolve));
  return {
    port: socket.address().port,
    datagrams,
    lines: () => datagrams.flatMap((datagram) => datagram.toString('latin1').split('\n')),
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}

/** A UDP port at which nobody listens. */
export async function abandonedPort(): Promise<number> {
  const collector = await startCollector();
  await collector.close();
  return collector.port;
}

export function aDecision(given: Partial<DecisionEvent> = {}): DecisionEvent {
  return { tenantId: 't1' as TenantId, decision: 'PASS', sourceType: 'API', latencyMs: 3, duplicateCheckSkipped: false, ...given };
}
