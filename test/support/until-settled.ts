import { eventually } from './eventually.js';
import type { GatewayProcess } from './gateway-process.js';

interface Counts {
  readonly received: number;
  readonly ready: number;
  readonly failed: number;
}

/** Until nothing is on its way any more. */
export async function untilSettled(gateway: GatewayProcess): Promise<void> {
  await eventually('every lead reaches its end', async () => {
    const counts = await gateway.read<Counts>('/stats/leads/counts').catch(() => undefined);
    return counts !== undefined && counts.received + counts.ready + counts.failed === 0 ? true : undefined;
  });
}
