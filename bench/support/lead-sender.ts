import { setTimeout as pause } from 'node:timers/promises';
import type { BenchPostgres } from './bench-postgres.js';

const AT_ONCE = 20;
const TICK_MS = 50;

/** Sends leads of the demo tenant's kind, each of another person. */
export class LeadSender {
  private sent = 0;

  constructor(
    private readonly gatewayUrl: string,
    private readonly path: string,
    /** Of the first person: two senders must not send the same. */
    private readonly first = 0,
  ) {}

  /** Leads sent so far. */
  get count(): number {
    return this.sent;
  }

  /** @param source what `utm_source` says */
  async send(source: string, count: number): Promise<void> {
    for (let left = count; left > 0; left -= AT_ONCE)
      await Promise.all(Array.from({ length: Math.min(AT_ONCE, left) }, () => this.one(source)));
  }

  private async one(source: string): Promise<void> {
    this.sent += 1;
    const number = `${this.first + this.sent}`.padStart(7, '0');
    const response = await fetch(this.gatewayUrl + this.path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        email: `lead${number}@example.com`,
        phone: `0160 ${number}`,
        address: { zip: '66123' },
        house: { is_owner: true },
        utm_source: source,
      }),
    });
    const said = await response.text();
    if (!response.ok) throw new Error(`the gateway answered ${response.status}: ${said}`);
  }
}

/** Until so many deliveries were made, of all destinations. */
export async function untilDelivered(postgres: BenchPostgres, count: number): Promise<void> {
  for (;;) {
    const [row] = await postgres.query<{ n: number }>(`select count(*)::int as n from deliveries where status = 'DELIVERED'`);
    if ((row?.n ?? 0) >= count) return;
    await pause(TICK_MS);
  }
}

/** Milliseconds from a lead's arrival to its delivery, of what arrived since that moment. */
export async function p95OfDeliveries(postgres: BenchPostgres, destinationId: string, since: string): Promise<number> {
  const [row] = await postgres.query<{ p95: number }>(
    `select percentile_cont(0.95) within group (order by extract(epoch from finished_at - leads.received_at) * 1000)::float8 as p95
       from deliveries join leads on leads.id = deliveries.lead_id
      where destination_id = '${destinationId}' and deliveries.status = 'DELIVERED' and leads.received_at >= '${since}'`,
  );
  return row?.p95 ?? Number.NaN;
}
