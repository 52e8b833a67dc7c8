import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Child, spawnProgram } from './child-process.js';
import { eventually } from './eventually.js';
import type { DemoCrmProcess, GatewayProcess } from './gateway-process.js';

/** The generator's own ledger: what the gateway acknowledged. */
export interface Load extends Child {
  /** Lead ids acknowledged so far, as often as they were. */
  acknowledged(): Promise<string[]>;
}

/** Posts `count` unique leads through 16 connections, as a process of its own that outlives the gateway. */
export function startLoad(url: string, count: number, folder: string, options: { seed?: number; idempotency?: boolean } = {}): Load {
  const ledger = join(folder, `acknowledged-${options.seed ?? 1}.ndjson`);
  const child = spawnProgram('dist/bench/support/load-generator.js', {}, [
    '--url',
    `${url}/webhooks/leads`,
    '--count',
    String(count),
    '--connections',
    '16',
    '--seed',
    String(options.seed ?? 1),
    '--ledger',
    ledger,
    ...(options.idempotency ? ['--idempotency'] : []),
  ]);
  return {
    ...child,
    acknowledged: async () => {
      const text = await readFile(ledger, 'utf8').catch(() => '');
      return text
        .split('\n')
        .slice(0, -1)
        .map((line) => (JSON.parse(line) as { leadId: string }).leadId);
    },
  };
}

export async function untilAcknowledged(load: Load, count: number): Promise<void> {
  await eventually(`${count} leads are acknowledged`, async () => ((await load.acknowledged()).length >= count ? true : undefined), 60);
}

interface Counts {
  received: number;
  ready: number;
  failed: number;
  held: number;
  delivered: number;
  total: number;
}

/** Until nothing is on its way any more. */
export async function untilSettled(gateway: GatewayProcess): Promise<Counts> {
  return eventually(
    'every lead reaches its end',
    async () => {
      const counts = await gateway.read<Counts>('/stats/leads/counts').catch(() => undefined);
      return counts !== undefined && counts.received + counts.ready + counts.failed === 0 ? counts : undefined;
    },
    120,
  );
}

export interface LedgerFindings {
  /** Acknowledged but not at the CRM. */
  readonly lost: string[];
  /** Leads that had more than one effect at the CRM. */
  readonly doubled: string[];
  /** Leads whose repeated requests differed in key or bytes. */
  readonly changed: string[];
}

/** Acknowledged ids against what the CRM saw. All three lists are empty when the promise holds. */
export async function compareLedgers(acknowledged: readonly string[], crm: DemoCrmProcess): Promise<LedgerFindings> {
  const effects = new Map<string, number>();
  for (const { body } of await crm.leads()) {
    const id = leadIdOf(body);
    effects.set(id, (effects.get(id) ?? 0) + 1);
  }
  const seen = new Map<string, Set<string>>();
  for (const { body, key, bodySha256 } of await crm.requests()) {
    const id = leadIdOf(body);
    seen.set(id, (seen.get(id) ?? new Set()).add(`${key} ${bodySha256}`));
  }
  return {
    lost: acknowledged.filter((id) => !effects.has(id)),
    doubled: [...effects].filter(([, count]) => count > 1).map(([id]) => id),
    changed: [...seen].filter(([, forms]) => forms.size > 1).map(([id]) => id),
  };
}

function leadIdOf(body: unknown): string {
  return (body as { meta_attributes: { unique_id: string } }).meta_attributes.unique_id;
}
